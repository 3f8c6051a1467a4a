/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/targets.h"

typedef struct {
    char *name;
    GArray *layers; /* Digest */
    gboolean reusable;
} TargetImage;

struct Targets {
    GPtrArray *hosts; /* GPtrArray of TargetImage */
};

static void
target_image_free (gpointer data)
{
    TargetImage *image = data;

    g_free (image->name);
    g_array_unref (image->layers);
    g_free (image);
}

Targets *
targets_new (void)
{
    Targets *targets = g_new0 (Targets, 1);

    targets->hosts = g_ptr_array_new_with_free_func ((GDestroyNotify)g_ptr_array_unref);
    return targets;
}

void
targets_free (Targets *targets)
{
    if (targets == NULL)
        return;
    g_ptr_array_unref (targets->hosts);
    g_free (targets);
}

static GPtrArray *
add_host (Targets *targets)
{
    GPtrArray *host = g_ptr_array_new_with_free_func (target_image_free);

    g_ptr_array_add (targets->hosts, host);
    return host;
}

/* Takes over layers. */
static void
add_image (GPtrArray *host, const char *name, GArray *layers, gboolean reusable)
{
    TargetImage *image = g_new0 (TargetImage, 1);

    image->name = g_strdup (name);
    image->layers = layers;
    image->reusable = reusable;
    g_ptr_array_add (host, image);
}

void
targets_add_release (Targets *targets, GPtrArray *images)
{
    GPtrArray *host = add_host (targets);

    for (guint i = 0; i < images->len; i++) {
        const StatementImage *from = images->pdata[i];

        add_image (host, from->name, statement_image_diffids (from), TRUE);
    }
}

void
targets_add_have (Targets *targets, const Have *have)
{
    GPtrArray *host = add_host (targets);

    for (guint i = 0; i < have->images->len; i++) {
        const HaveImage *from = have->images->pdata[i];
        const char *name = from->names->len > 0 ? from->names->pdata[0] : "image without a name";

        add_image (host, name, g_array_ref (from->layers), from->reusable);
    }
}

guint
targets_count (const Targets *targets)
{
    return targets->hosts->len;
}

guint
targets_common (const Targets *targets, const GArray *layers, gboolean reusable)
{
    guint common = targets->hosts->len > 0 ? layers->len : 0;

    for (guint t = 0; t < targets->hosts->len; t++) {
        const GPtrArray *host = targets->hosts->pdata[t];
        guint best = 0;

        for (guint i = 0; i < host->len; i++) {
            const TargetImage *image = host->pdata[i];

            if (image->reusable || !reusable)
                best = MAX (best, digests_common (image->layers, layers));
        }
        common = MIN (common, best);
    }
    return common;
}

gboolean
targets_has_image (const Targets *targets, guint t, const GArray *layers)
{
    const GPtrArray *host = targets->hosts->pdata[t];

    for (guint i = 0; i < host->len; i++) {
        const TargetImage *image = host->pdata[i];

        if (image->layers->len == layers->len &&
            digests_common (image->layers, layers) == layers->len)
            return TRUE;
    }
    return FALSE;
}

const char *
targets_name (const Targets *targets, const GArray *layers, guint n)
{
    const GPtrArray *host = targets->hosts->pdata[0];

    for (guint i = 0; i < host->len; i++) {
        const TargetImage *image = host->pdata[i];

        if (digests_common (image->layers, layers) >= n)
            return image->name;
    }
    return "image without a name";
}
