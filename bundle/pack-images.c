/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/oci.h"
#include "bundle/pack-private.h"
#include "bundle/source.h"
#include "manifest/error.h"

static void
free_image (gpointer image)
{
    source_image_free (image);
}

static void
free_statement_image (gpointer image)
{
    statement_image_free (image);
}

static gboolean
add_image (Packer *packer, const ReleaseImage *wanted, const char *platform, const char *dir,
           GError **error)
{
    SourceOptions options = { .dir = dir,
                              .platform = platform,
                              .tmpdir = packer->options->tmpdir,
                              .engine = packer->options->engine,
                              .progress = packer->options->progress };
    SourceImage *source = source_open (wanted->from, &options, error);
    StatementImage *image;
    g_autoptr (GBytes) manifest = NULL;

    if (source == NULL)
        return fail_prefix (error, "image '%s'", wanted->name);
    g_ptr_array_add (packer->images, source);
    image = statement_image_new ();
    g_ptr_array_add (packer->statement.images, image);
    image->name = g_strdup (wanted->name);
    image->platform = g_strdup (source->platform);
    image->config = digest_of_bytes (source->config);
    image->config_bytes = g_bytes_get_size (source->config);
    for (guint i = 0; i < source->layers->len; i++) {
        const LayerTar *from = &g_array_index (source->layers, LayerTar, i);
        StatementLayer layer = { .diffid = from->diffid, .bytes = from->bytes };

        g_array_append_val (image->layers, layer);
    }
    manifest = oci_manifest (image);
    image->manifest = digest_of_bytes (manifest);
    return TRUE;
}

gboolean
pack_collect_images (Packer *packer, const char *dir, GError **error)
{
    const char *platform = packer->release->platforms != NULL && *packer->release->platforms != NULL
                               ? packer->release->platforms[0]
                               : "linux/amd64";

    packer->images = g_ptr_array_new_with_free_func (free_image);
    packer->statement.images = g_ptr_array_new_with_free_func (free_statement_image);
    for (guint i = 0; i < packer->release->images->len; i++)
        if (!add_image (packer, packer->release->images->pdata[i], platform, dir, error))
            return FALSE;
    return TRUE;
}
