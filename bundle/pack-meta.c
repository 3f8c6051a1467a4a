/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/base-table.h"
#include "bundle/format.h"
#include "bundle/member.h"
#include "bundle/pack-private.h"
#include "bundle/provenance.h"
#include "bundle/recipe-write.h"
#include "bundle/source.h"
#include "manifest/error.h"
#include "manifest/file.h"

gboolean
pack_append_meta (Packer *packer, const char *name, GBytes *content, GError **error)
{
    static const guint8 zeros[TAR_BLOCK];
    gsize size = g_bytes_get_size (content), length;
    g_autoptr (GBytes) header = member_header (name, size, FALSE);
    struct {
        const void *bytes;
        gsize length;
    } pieces[] = { { g_bytes_get_data (header, &length), length },
                   { g_bytes_get_data (content, NULL), size },
                   { zeros, member_padding (size) } };

    pieces[0].length = length;
    for (guint i = 0; i < G_N_ELEMENTS (pieces); i++) {
        if (!file_pwrite_all (packer->meta_fd, "members", pieces[i].bytes, pieces[i].length,
                              packer->meta_bytes, error))
            return FALSE;
        packer->meta_bytes += pieces[i].length;
    }
    return TRUE;
}

/* Configs, package lists, SBOMs, provenance, recipes: what region meta holds. */
gboolean
pack_write_meta (Packer *packer, GError **error)
{
    RecipeSource from = { packer->contents, packer->schedule, packer->patches,
                          packer->base_numbers };
    g_autoptr (GHashTable) seen = g_hash_table_new (digest_hash_key, digest_equal_key);
    g_autoptr (GBytes) provenance = NULL;

    packer->meta_fd = file_temporary (packer->options->tmpdir, error);
    if (packer->meta_fd < 0)
        return FALSE;
    for (guint i = 0; i < packer->images->len; i++) {
        StatementImage *image = packer->statement.images->pdata[i];
        g_autofree char *hex = digest_to_hex (&image->config);
        g_autofree char *name = g_strdup_printf ("images/%s.json", hex);

        if (g_hash_table_add (seen, &image->config) &&
            !pack_append_meta (packer, name, ((SourceImage *)packer->images->pdata[i])->config,
                               error))
            return FALSE;
    }
    if (!pack_write_packages (packer, error))
        return FALSE;
    provenance = pack_provenance (packer);
    if (!pack_append_meta (packer, PROVENANCE_MEMBER, provenance, error))
        return FALSE;
    if (packer->meta_bytes > LIMIT_META_BYTES)
        return fail (error, ERR_FORMAT,
                     "image configs, package lists and SBOMs together have %" G_GUINT64_FORMAT
                     " bytes, at most %d can be read: name smaller SBOMs, or fewer images in one "
                     "release",
                     packer->meta_bytes, LIMIT_META_BYTES);
    if (packing_is_delta (&packer->packing)) {
        g_autoptr (GBytes) bases = recipe_write_bases (&from);

        if (!pack_append_meta (packer, BASE_TABLE_MEMBER, bases, error))
            return FALSE;
    }
    if (packer->packing.tree_left_out.files > 0) {
        g_autoptr (GBytes) table = pack_tree_table (packer);

        if (!pack_append_meta (packer, TREE_TABLE_MEMBER, table, error))
            return FALSE;
    }
    for (guint i = 0; i < packer->contents->layers->len; i++) {
        const PackLayer *layer = packer->contents->layers->pdata[i];
        g_autofree char *hex = digest_to_hex (&layer->source.diffid);
        g_autofree char *name = g_strdup_printf ("layers/%s", hex);
        g_autoptr (GBytes) recipe = recipe_write (&from, i);

        if (!pack_append_meta (packer, name, recipe, error))
            return FALSE;
    }
    return TRUE;
}
