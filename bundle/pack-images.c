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

const char *
pack_platform (const Packer *packer)
{
    char **platforms = packer->release->platforms;

    return platforms != NULL && *platforms != NULL ? platforms[0] : "linux/amd64";
}

static gboolean
is_pulled (const ReleaseImage *image)
{
    return g_str_has_prefix (image->from, "docker://");
}

/* All images from registries at once; beside those of the release that are. */
static GPtrArray *
pull_all (Packer *packer, const SourceOptions *options, PackResult *result, GError **error)
{
    g_autoptr (GArray) wanted = g_array_new (FALSE, FALSE, sizeof (PullWanted));

    for (guint i = 0; i < packer->release->images->len; i++) {
        const ReleaseImage *image = packer->release->images->pdata[i];
        PullWanted one = { image->name, image->from, pack_find_locked (packer, image) };

        if (is_pulled (image))
            g_array_append_val (wanted, one);
    }
    if (wanted->len == 0)
        return g_ptr_array_new ();
    return pull_images (wanted, options, &result->pull, packer->options->warnings, error);
}

/* Takes the source. */
static void
add_image (Packer *packer, const ReleaseImage *wanted, SourceImage *source)
{
    StatementImage *image = statement_image_new ();
    g_autoptr (GBytes) manifest = NULL;

    g_ptr_array_add (packer->images, source);
    g_ptr_array_add (packer->statement.images, image);
    image->name = g_strdup (wanted->name);
    image->platform = g_strdup (source->platform);
    image->ansible = wanted->ansible;
    image->config = digest_of_bytes (source->config);
    image->config_bytes = g_bytes_get_size (source->config);
    for (guint i = 0; i < source->layers->len; i++) {
        const LayerTar *from = &g_array_index (source->layers, LayerTar, i);
        StatementLayer layer = { .diffid = from->diffid, .bytes = from->bytes };

        g_array_append_val (image->layers, layer);
    }
    manifest = oci_manifest (image);
    image->manifest = digest_of_bytes (manifest);
}

gboolean
pack_collect_images (Packer *packer, const char *dir, PackResult *result, GError **error)
{
    SourceOptions options = { .dir = dir,
                              .platform = pack_platform (packer),
                              .tmpdir = packer->options->tmpdir,
                              .engine = packer->options->engine,
                              .progress = packer->options->progress,
                              .cache = packer->options->cache,
                              .offline = packer->options->offline,
                              .registry = packer->options->registry };
    g_autoptr (GPtrArray) pulled = pull_all (packer, &options, result, error);

    if (pulled == NULL)
        return FALSE;
    packer->images = g_ptr_array_new_with_free_func (free_image);
    packer->statement.images = g_ptr_array_new_with_free_func (free_statement_image);
    for (guint i = 0; i < packer->release->images->len; i++) {
        const ReleaseImage *image = packer->release->images->pdata[i];
        SourceImage *source = is_pulled (image) ? g_ptr_array_steal_index (pulled, 0)
                                                : source_open (image->from, &options, error);

        if (source == NULL)
            return fail_prefix (error, "image '%s'", image->name);
        add_image (packer, image, source);
    }
    return TRUE;
}
