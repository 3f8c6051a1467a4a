/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/targets.h"

#include <string.h>

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

static TargetImage *
add_image (GPtrArray *host, const char *name, gboolean reusable)
{
    TargetImage *image = g_new0 (TargetImage, 1);

    image->name = g_strdup (name);
    image->layers = g_array_new (FALSE, FALSE, sizeof (Digest));
    image->reusable = reusable;
    g_ptr_array_add (host, image);
    return image;
}

void
targets_add_release (Targets *targets, GPtrArray *images)
{
    GPtrArray *host = add_host (targets);

    for (guint i = 0; i < images->len; i++) {
        const StatementImage *from = images->pdata[i];
        TargetImage *image = add_image (host, from->name, TRUE);

        for (guint k = 0; k < from->layers->len; k++)
            g_array_append_val (image->layers,
                                g_array_index (from->layers, StatementLayer, k).diffid);
    }
}

void
targets_add_have (Targets *targets, const Have *have)
{
    GPtrArray *host = add_host (targets);

    for (guint i = 0; i < have->images->len; i++) {
        const HaveImage *from = have->images->pdata[i];
        const char *name = from->names->len > 0 ? from->names->pdata[0] : "image without a name";
        TargetImage *image = add_image (host, name, from->reusable);

        g_array_append_vals (image->layers, from->layers->data, from->layers->len);
    }
}

guint
targets_count (const Targets *targets)
{
    return targets->hosts->len;
}

static guint
begin_alike (const TargetImage *image, const Digest *layers, guint n)
{
    guint i = 0;

    while (i < n && i < image->layers->len &&
           digest_equal (&layers[i], &g_array_index (image->layers, Digest, i)))
        i++;
    return i;
}

guint
targets_common (const Targets *targets, const Digest *layers, guint n, gboolean reusable)
{
    guint common = targets->hosts->len > 0 ? n : 0;

    for (guint t = 0; t < targets->hosts->len; t++) {
        const GPtrArray *host = targets->hosts->pdata[t];
        guint best = 0;

        for (guint i = 0; i < host->len; i++) {
            const TargetImage *image = host->pdata[i];

            if (image->reusable || !reusable)
                best = MAX (best, begin_alike (image, layers, n));
        }
        common = MIN (common, best);
    }
    return common;
}

gboolean
targets_has_image (const Targets *targets, guint t, const Digest *layers, guint n)
{
    const GPtrArray *host = targets->hosts->pdata[t];

    for (guint i = 0; i < host->len; i++) {
        const TargetImage *image = host->pdata[i];

        if (image->layers->len == n && begin_alike (image, layers, n) == n)
            return TRUE;
    }
    return FALSE;
}

const char *
targets_name (const Targets *targets, const Digest *layers, guint n)
{
    const GPtrArray *host = targets->hosts->pdata[0];

    for (guint i = 0; i < host->len; i++) {
        const TargetImage *image = host->pdata[i];

        if (begin_alike (image, layers, n) == n)
            return image->name;
    }
    return "image without a name";
}
