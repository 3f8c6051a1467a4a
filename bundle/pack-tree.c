/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/base.h"
#include "bundle/pack-private.h"
#include "bundle/tree.h"
#include "manifest/error.h"

#include <string.h>

/* A delta that leaves tree files out fits hosts at its base releases only, others with the same
 * images no longer. Below this many bytes that is not worth it: compressed they are a few kB. */
#define WORTH_BYTES (64 * 1024)

typedef struct {
    TreeChecksum *sum;
    gboolean open;
    GHashTable *files; /* path → Digest (tree_checksum_file) */
} TreeRead;

static gboolean
take_piece (const char *path, gboolean executable, guint64 size, const guint8 *piece, gsize length,
            gboolean last, gpointer data, GError **error)
{
    TreeRead *read = data;
    Digest *file;

    if (!read->open && !tree_checksum_begin (read->sum, path, executable, size, error))
        return FALSE;
    read->open = !last;
    tree_checksum_add (read->sum, piece, length);
    if (!last)
        return TRUE;
    file = g_new (Digest, 1);
    g_hash_table_insert (read->files, g_strdup (path), file);
    if (!tree_checksum_end (read->sum, error))
        return FALSE;
    tree_checksum_file (read->sum, file);
    return TRUE;
}

/* Leaves only those files out that this base has, too. Its bundle may be unsigned and damaged, but
 * then its tree is not the one of its statement. */
static gboolean
compare_base (Packer *packer, Bundle *base, GError **error)
{
    g_autoptr (TreeChecksum) sum = tree_checksum_new ();
    g_autoptr (GHashTable) files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
    TreeRead read = { sum, FALSE, files };
    Digest commit;

    if (!bundle_read_tree (base, take_piece, &read, error))
        return fail_prefix (error, "%s", bundle_path (base));
    tree_checksum_commit (sum, &commit);
    if (!digest_equal (&commit, &bundle_statement (base)->tree_commit))
        return fail (error, ERR_FORMAT, "%s: its tree is not the one that its statement names",
                     bundle_path (base));
    for (guint i = 0; i < packer->tree->list->len; i++) {
        CollectedFile *file = &g_array_index (packer->tree->list, CollectedFile, i);
        const Digest *there = g_hash_table_lookup (files, file->file.path);

        if (there == NULL || !digest_equal (there, &file->digest))
            file->left_out = FALSE;
    }
    return TRUE;
}

static gboolean
is_tree_of (const HaveProduct *product, const Bundle *base)
{
    return digest_equal (&product->digest, bundle_release_digest (base)) && product->has_tree &&
           digest_equal (&product->tree, &bundle_statement (base)->tree_commit);
}

static gboolean
is_at_a_base (const Packer *packer, const Have *have)
{
    const GPtrArray *bases = packer->options->bases;

    for (guint i = 0; i < have->products->len; i++)
        for (guint k = 0; k < bases->len; k++)
            if (is_tree_of (have->products->pdata[i], base_bundle_get (bases->pdata[k])))
                return TRUE;
    return FALSE;
}

/* Is each host at a release that we have, its tree as it was? */
static gboolean
hosts_are_at_bases (const Packer *packer)
{
    const GPtrArray *haves = packer->options->haves;

    for (guint i = 0; haves != NULL && i < haves->len; i++)
        if (!is_at_a_base (packer, haves->pdata[i]))
            return FALSE;
    return TRUE;
}

/* Adds up what is left out, or takes it back. */
static void
settle (Packer *packer, PackResult *result)
{
    PackingTree *tree = &packer->packing.tree_left_out;
    GArray *list = packer->tree->list;

    for (guint i = 0; i < list->len; i++) {
        const CollectedFile *file = &g_array_index (list, CollectedFile, i);

        tree->files += file->left_out ? 1 : 0;
        tree->bytes += file->left_out ? file->file.length : 0;
    }
    if (tree->bytes < WORTH_BYTES) {
        for (guint i = 0; i < list->len; i++)
            g_array_index (list, CollectedFile, i).left_out = FALSE;
        *tree = (PackingTree){ 0 };
    }
    result->tree_left_out = tree->bytes;
}

gboolean
pack_leave_out_tree (Packer *packer, PackResult *result, GError **error)
{
    GPtrArray *bases = packer->options->bases;

    if (bases == NULL || bases->len == 0 || !hosts_are_at_bases (packer))
        return TRUE;
    for (guint i = 0; i < packer->tree->list->len; i++)
        g_array_index (packer->tree->list, CollectedFile, i).left_out = TRUE;
    for (guint i = 0; i < bases->len; i++)
        if (!compare_base (packer, base_bundle_get (bases->pdata[i]), error))
            return FALSE;
    settle (packer, result);
    return TRUE;
}

GBytes *
pack_tree_table (const Packer *packer)
{
    g_autoptr (GArray) files = g_array_new (FALSE, FALSE, sizeof (TreeFile)); /* borrows paths */

    for (guint i = 0; i < packer->tree->list->len; i++) {
        const CollectedFile *file = &g_array_index (packer->tree->list, CollectedFile, i);

        if (file->left_out)
            g_array_append_val (files, file->file);
    }
    return tree_table_write (files);
}

void
pack_plan_tree (const Packer *packer, FramePlan *plan)
{
    for (guint i = 0; i < packer->tree->list->len; i++) {
        const CollectedFile *file = &g_array_index (packer->tree->list, CollectedFile, i);

        if (!file->left_out)
            frame_plan_add (plan, REGION_TREE, packer->tree->fd, file->at, file->bytes);
    }
}
