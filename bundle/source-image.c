/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/source-image.h"

#include "bundle/oci-index.h"
#include "bundle/oci.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/message.h"

#include <string.h>
#include <unistd.h>

struct SourceBuilder {
    const SourceOptions *options;
    SourceImage *image;
    GArray *diffids;
    int spool; /* unpacked layers, one behind the other; owned by the image; -1: none yet */
    guint64 spool_bytes;
};

static void
close_fd (gpointer fd)
{
    close (GPOINTER_TO_INT (fd));
}

void
source_image_free (SourceImage *image)
{
    if (image == NULL)
        return;
    g_clear_pointer (&image->config, g_bytes_unref);
    g_clear_pointer (&image->layers, g_array_unref);
    g_clear_pointer (&image->fds, g_ptr_array_unref);
    g_free (image->platform);
    g_free (image->reference);
    g_free (image);
}

void
source_builder_free (SourceBuilder *builder)
{
    if (builder == NULL)
        return;
    g_clear_pointer (&builder->image, source_image_free);
    g_clear_pointer (&builder->diffids, g_array_unref);
    g_free (builder);
}

static gboolean
check_config (GBytes *config, const Digest *expected, GError **error)
{
    Digest found = digest_of_bytes (config);
    g_autofree char *is = digest_to_text (&found);
    g_autofree char *named = expected == NULL ? NULL : digest_to_text (expected);

    if (expected == NULL || digest_equal (&found, expected))
        return TRUE;
    return fail (error, ERR_FORMAT, "the image config is named %s but its bytes are %s", named, is);
}

SourceBuilder *
source_builder_new (GBytes *config, const Digest *digest, const SourceOptions *options,
                    GError **error)
{
    g_autoptr (SourceBuilder) builder = g_new0 (SourceBuilder, 1);
    SourceImage *image = g_new0 (SourceImage, 1);

    builder->options = options;
    builder->image = image;
    builder->spool = -1;
    image->config = g_bytes_ref (config);
    image->layers = g_array_new (FALSE, FALSE, sizeof (LayerTar));
    image->fds = g_ptr_array_new_with_free_func (close_fd);
    if (!check_config (config, digest, error) ||
        !oci_config_parse (config, &image->platform, &builder->diffids, error))
        return NULL;
    if (!oci_platform_fits (image->platform, options->platform))
        return fail_null (error, ERR_FORMAT, "the image is for %s; %s is wanted", image->platform,
                          options->platform);
    return g_steal_pointer (&builder);
}

guint
source_builder_layers (const SourceBuilder *builder)
{
    return builder->diffids->len;
}

void
source_builder_own (SourceBuilder *builder, int fd)
{
    g_ptr_array_add (builder->image->fds, GINT_TO_POINTER (fd));
}

/* Layers may repeat; an unpacked one is not unpacked again. */
static gboolean
find_unpacked (SourceBuilder *builder, LayerTar *layer)
{
    for (guint i = 0; i < builder->image->layers->len; i++) {
        const LayerTar *earlier = &g_array_index (builder->image->layers, LayerTar, i);

        if (earlier->fd == builder->spool && digest_equal (&earlier->diffid, &layer->diffid)) {
            *layer = *earlier;
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean
check_digest (const char *what, const Digest *found, const Digest *expected, const char *name,
              GError **error)
{
    g_autofree char *is = digest_to_text (found), *should = digest_to_text (expected);

    if (digest_equal (found, expected))
        return TRUE;
    return fail (error, ERR_FORMAT, "%s is damaged or wrong: %s is %s, expected %s", name, what, is,
                 should);
}

static gboolean
unpack_layer (SourceBuilder *builder, const SourceRange *range, SourcePacking packing,
              const Digest *blob, const char *name, LayerTar *layer, GError **error)
{
    SourceUnpacked unpacked;

    if (find_unpacked (builder, layer))
        return TRUE;
    if (builder->spool < 0) {
        builder->spool = file_temporary (builder->options->tmpdir, error);
        if (builder->spool < 0)
            return FALSE;
        source_builder_own (builder, builder->spool);
    }
    if (!source_range_unpack (range, packing, name, builder->spool, builder->spool_bytes,
                              builder->options->progress, &unpacked, error))
        return FALSE;
    if (blob != NULL &&
        !check_digest ("the digest of its packed bytes", &unpacked.packed, blob, name, error))
        return FALSE;
    if (!check_digest ("its diffID", &unpacked.unpacked, &layer->diffid, name, error))
        return FALSE;
    layer->fd = builder->spool;
    layer->offset = builder->spool_bytes;
    layer->bytes = unpacked.bytes;
    layer->proven = TRUE;
    builder->spool_bytes += unpacked.bytes;
    return TRUE;
}

gboolean
source_builder_add (SourceBuilder *builder, const SourceRange *range, const Digest *blob,
                    gboolean *in_place, GError **error)
{
    guint i = builder->image->layers->len;
    g_autofree char *name = message_printf ("layer %u of %u", i + 1, builder->diffids->len);
    LayerTar layer = { range->fd, range->offset, range->bytes };
    SourcePacking packing;

    g_return_val_if_fail (i < builder->diffids->len, FALSE);
    layer.diffid = g_array_index (builder->diffids, Digest, i);
    if (!source_range_packing (range, name, &packing, error))
        return FALSE;
    if (packing != PACKING_NONE &&
        !unpack_layer (builder, range, packing, blob, name, &layer, error))
        return FALSE;
    /* The bytes of one that is not packed are read and compared once, by the collector. */
    if (packing == PACKING_NONE && blob != NULL &&
        !check_digest ("its digest", blob, &layer.diffid, name, error))
        return FALSE;
    g_array_append_val (builder->image->layers, layer);
    if (in_place != NULL)
        *in_place = packing == PACKING_NONE;
    return TRUE;
}

gboolean
source_builder_add_unpacked (SourceBuilder *builder, const LayerTar *layer, GError **error)
{
    guint i = builder->image->layers->len;
    g_autofree char *name = message_printf ("layer %u of %u", i + 1, builder->diffids->len);

    g_return_val_if_fail (i < builder->diffids->len, FALSE);
    if (!check_digest ("its diffID", &layer->diffid, &g_array_index (builder->diffids, Digest, i),
                       name, error))
        return FALSE;
    g_array_append_val (builder->image->layers, *layer);
    return TRUE;
}

void
source_builder_share (SourceBuilder *builder, GPtrArray *fds)
{
    g_ptr_array_unref (builder->image->fds);
    builder->image->fds = g_ptr_array_ref (fds);
}

SourceImage *
source_builder_finish (SourceBuilder *builder, GError **error)
{
    if (builder->image->layers->len != builder->diffids->len)
        return fail_null (error, ERR_FORMAT, "the image config has %u layers, the image has %u",
                          builder->diffids->len, builder->image->layers->len);
    return g_steal_pointer (&builder->image);
}
