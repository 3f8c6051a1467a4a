/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/base-state.h"
#include "manifest/error.h"
#include "manifest/size.h"
#include "manifest/message.h"

#include <string.h>

/* "sha256:0123456789ab": enough to find a layer by. */
#define SHORT_DIGEST (sizeof "sha256:" - 1 + 12)

static void
add (Bases *bases, char *line)
{
    g_ptr_array_add (bases->lacking, line);
}

static char *
base_layer_text (const BaseLayer *layer)
{
    g_autofree char *digest =
        digest_to_text (&g_array_index (layer->base->layers, Digest, layer->layer));

    digest[SHORT_DIGEST] = '\0';
    return message_printf ("base image '%s': layer %" G_GUINT64_FORMAT " of %u (%s)",
                           layer->base->name, layer->layer + 1, layer->base->layers->len, digest);
}

void
base_lack_layer (Bases *bases, const BaseLayer *layer)
{
    g_autofree char *which = base_layer_text (layer);
    g_autofree char *bytes = size_to_text (layer->bytes);

    add (bases, message_printf ("%s: no image here has it; %u of its files %s needed, %s", which,
                                layer->files->len, layer->files->len == 1 ? "is" : "are", bytes));
}

void
base_lack_file (Bases *bases, const BaseLayer *layer, const BaseFile *file, const char *why)
{
    g_autofree char *which = base_layer_text (layer);
    g_autofree char *path = error_quote (file->path);

    add (bases, message_printf ("%s: file '%s': %s", which, path, why));
}

/* The number of a layer in its image, from 1. */
static guint
number_of (const StatementImage *image, const Digest *diffid)
{
    for (guint i = 0; i < image->layers->len; i++)
        if (digest_equal (&g_array_index (image->layers, StatementLayer, i).diffid, diffid))
            return i + 1;
    return 0;
}

guint
bases_take_left_out (Bases *bases, const StatementImage *image, GArray *missing)
{
    guint before = missing->len;

    for (guint i = missing->len; i > 0; i--) {
        const StatementLayer *layer = &g_array_index (missing, StatementLayer, i - 1);
        g_autofree char *digest = NULL, *bytes = NULL;

        if (!g_hash_table_contains (bases->left_out, &layer->diffid))
            continue;
        digest = digest_to_text (&layer->diffid);
        digest[SHORT_DIGEST] = '\0';
        bytes = size_to_text (layer->bytes);
        add (bases, message_printf ("image '%s': layer %u of %u (%s), %s, which this file "
                                    "leaves out",
                                    image->name, number_of (image, &layer->diffid),
                                    image->layers->len, digest, bytes));
        g_array_remove_index (missing, i - 1);
    }
    return before - missing->len;
}

gboolean
base_lack_fail (const Run *run, const char *lines, GError **error)
{
    const char *host = run->host->name != NULL ? run->host->name : "HOST";
    g_autofree char *from = packing_made_from (bundle_packing (run->bundle));

    return fail (error, ERR_BASE_MISSING,
                 "'%s' is a delta, made from %s, and this host lacks:\n  %s\n"
                 "next: install the full bundle of %s %s, which is the same release; or type "
                 "'handcarry have -o %s.have' here, and have a delta made for it",
                 bundle_path (run->bundle), from, lines, run->release->product,
                 run->release->version, host);
}

gboolean
bases_check (const Bases *bases, GError **error)
{
    g_autoptr (GString) lines = g_string_new (NULL);

    if (bases->lacking->len == 0)
        return TRUE;
    for (guint i = 0; i < bases->lacking->len; i++)
        g_string_append_printf (lines, "%s%s", i > 0 ? "\n  " : "",
                                (char *)g_ptr_array_index (bases->lacking, i));
    return base_lack_fail (bases->run, lines->str, error);
}
