/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/compare-tree.h"

#include "bundle/base.h"
#include "manifest/error.h"
#include "manifest/message.h"

#include <string.h>

static void
layer_free (gpointer layer)
{
    layer_files_free (layer);
}

static void
file_free (gpointer data)
{
    DiffFile *file = data;

    g_free (file->path);
    g_free (file);
}

/* Takes the layers of a set in the order of the statement, as rebuilding wants them. */
static GArray *
in_order (const Bundle *bundle, GHashTable *wanted, guint64 *bytes)
{
    const Statement *statement = bundle_statement (bundle);
    GArray *layers = g_array_new (FALSE, FALSE, sizeof (Digest));

    *bytes = 0;
    for (guint i = 0; i < statement->images->len; i++) {
        const StatementImage *image = statement->images->pdata[i];

        for (guint k = 0; k < image->layers->len; k++) {
            const StatementLayer *layer = &g_array_index (image->layers, StatementLayer, k);

            if (!g_hash_table_remove (wanted, &layer->diffid))
                continue;
            g_array_append_val (layers, layer->diffid);
            *bytes += layer->bytes;
        }
    }
    return layers;
}

static void
add_layers (GHashTable *set, const DiffImage *image)
{
    for (guint k = 0; k < image->layers->len; k++)
        g_hash_table_add (set, &g_array_index (image->layers, Digest, k));
}

/* Layers of a full bundle are rebuilt into memory, those that are wanted alone. */
static gboolean
rebuild_all (Bundle *bundle, GHashTable *wanted, GHashTable *read, Progress *progress,
             GError **error)
{
    guint64 bytes;
    g_autoptr (GArray) layers = in_order (bundle, wanted, &bytes);
    g_autoptr (Rebuild) rebuild = rebuild_new (bundle, layers, NULL, error);
    gboolean ok = rebuild != NULL;

    if (!ok)
        return fail_prefix (error, "%s", bundle_path (bundle));
    progress_begin (progress, "rebuilding layers", bytes);
    for (guint i = 0; ok && i < layers->len; i++) {
        const Digest *diffid = &g_array_index (layers, Digest, i);
        LayerFiles *layer = layer_files_rebuild (rebuild, diffid, progress, error);

        ok = layer != NULL;
        if (ok)
            g_hash_table_insert (read, g_memdup2 (diffid, sizeof *diffid), layer);
    }
    progress_end (progress);
    return ok || fail_prefix (error, "%s", bundle_path (bundle));
}

/* Layers of a delta are made of its base's, which lies beside it; some are left out altogether. */
static gboolean
unpack_all (Bundle *bundle, GHashTable *wanted, GHashTable *read, Progress *progress,
            GError **error)
{
    g_autoptr (BaseBundle) base = base_bundle_open (bundle_path (bundle), NULL, progress, error);
    GHashTableIter at;
    gpointer diffid;

    if (base == NULL)
        return FALSE;
    g_hash_table_iter_init (&at, wanted);
    while (g_hash_table_iter_next (&at, &diffid, NULL)) {
        LayerFiles *layer = layer_files_read (&base_bundle_find (base, diffid)->tar, error);

        if (layer == NULL)
            return fail_prefix (error, "%s", bundle_path (bundle));
        g_hash_table_insert (read, g_memdup2 (diffid, sizeof (Digest)), layer);
    }
    return TRUE;
}

/* diffID -> LayerFiles of all images of a side that changed. Where the content is not there, that
 * is no error: diff->why says it. */
static gboolean
read_side (Diff *diff, guint side, Progress *progress, GError **error)
{
    Bundle *bundle = diff->sides[side].bundle;
    g_autoptr (GHashTable) wanted = g_hash_table_new (digest_hash_key, digest_equal_key);
    GHashTable *read =
        g_hash_table_new_full (digest_hash_key, digest_equal_key, g_free, layer_free);
    g_autoptr (GError) problem = NULL;

    g_ptr_array_add (diff->layers_read, read);
    for (guint i = 0; i < diff->images->len; i++) {
        const DiffPair *pair = diff->images->pdata[i];

        if (pair->state == DIFF_CHANGED)
            add_layers (wanted, side == 0 ? pair->a : pair->b);
    }
    if (packing_is_delta (bundle_packing (bundle))
            ? unpack_all (bundle, wanted, read, progress, &problem)
            : rebuild_all (bundle, wanted, read, progress, &problem))
        return TRUE;
    if (!g_error_matches (problem, HANDCARRY_ERROR, ERR_BASE_MISSING)) {
        g_propagate_error (error, g_steal_pointer (&problem));
        return FALSE;
    }
    diff->why = g_strdup (problem->message);
    return TRUE;
}

static GTree *
merge (GHashTable *layers, const DiffImage *image)
{
    g_autoptr (GPtrArray) stack = g_ptr_array_new ();

    for (guint k = 0; k < image->layers->len; k++)
        g_ptr_array_add (stack,
                         g_hash_table_lookup (layers, &g_array_index (image->layers, Digest, k)));
    return image_files_merge (stack);
}

static void
add_file (GPtrArray *files, const char *path, const ImageFile *a, const ImageFile *b)
{
    DiffFile *file = g_new0 (DiffFile, 1);

    file->path = g_strdup (path);
    file->a = a;
    file->b = b;
    g_ptr_array_add (files, file);
}

/* Both trees in the order of their paths, side by side. */
GPtrArray *
compare_list_files (GTree *a, GTree *b)
{
    GPtrArray *files = g_ptr_array_new_with_free_func (file_free);
    GTreeNode *one = g_tree_node_first (a), *other = g_tree_node_first (b);

    while (one != NULL || other != NULL) {
        int order = one == NULL     ? 1
                    : other == NULL ? -1
                                    : strcmp (g_tree_node_key (one), g_tree_node_key (other));
        const char *path = g_tree_node_key (order <= 0 ? one : other);
        const ImageFile *from = order <= 0 ? g_tree_node_value (one) : NULL;
        const ImageFile *to = order >= 0 ? g_tree_node_value (other) : NULL;

        if (from == NULL || to == NULL || !image_file_equal (from, to))
            add_file (files, path, from, to);
        one = order <= 0 ? g_tree_node_next (one) : one;
        other = order >= 0 ? g_tree_node_next (other) : other;
    }
    return files;
}

static void
compare_pair (const Diff *diff, DiffPair *pair)
{
    g_autoptr (GTree) from = merge (diff->layers_read->pdata[0], pair->a);
    g_autoptr (GTree) to = merge (diff->layers_read->pdata[1], pair->b);

    pair->files = compare_list_files (from, to);
}

static void
unref_table (gpointer table)
{
    g_hash_table_unref (table);
}

gboolean
compare_files (Diff *diff, Progress *progress, GError **error)
{
    gboolean any = FALSE;

    diff->layers_read = g_ptr_array_new_with_free_func (unref_table);
    for (guint i = 0; i < diff->images->len; i++)
        any |= ((DiffPair *)diff->images->pdata[i])->state == DIFF_CHANGED;
    if (diff->sides[0].bundle == NULL || diff->sides[1].bundle == NULL)
        diff->why = message_printf ("a have file holds no content");
    for (guint side = 0; any && diff->why == NULL && side < 2; side++)
        if (!read_side (diff, side, progress, error))
            return FALSE;
    for (guint i = 0; i < diff->images->len; i++) {
        DiffPair *pair = diff->images->pdata[i];

        if (pair->state == DIFF_CHANGED && diff->why == NULL)
            compare_pair (diff, pair);
        else if (pair->state == DIFF_CHANGED)
            pair->no_files = diff->why;
    }
    return TRUE;
}
