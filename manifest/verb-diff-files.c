/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/verb-diff.h"
#include "manifest/error.h"

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

/* Does a delta hold all that this image is made of? Neither are layers left out, nor do recipes
 * draw on files of hosts. */
static gboolean
is_whole (Bundle *bundle, const DiffImage *image, gboolean *whole, GError **error)
{
    const GArray *left_out = bundle_packing (bundle)->left_out;
    g_autoptr (GHashTable) set = g_hash_table_new (digest_hash_key, digest_equal_key);
    g_autoptr (GArray) layers = NULL;
    g_autoptr (Rebuild) rebuild = NULL;
    g_autoptr (GPtrArray) files = NULL;
    guint64 bytes;

    *whole = FALSE;
    add_layers (set, image);
    for (guint i = 0; i < left_out->len; i++)
        if (g_hash_table_contains (set, &g_array_index (left_out, Digest, i)))
            return TRUE;
    layers = in_order (bundle, set, &bytes);
    rebuild = rebuild_new (bundle, layers, NULL, error);
    if (rebuild == NULL)
        return FALSE;
    files = rebuild_base_files (rebuild);
    *whole = files->len == 0;
    return TRUE;
}

/* Says of a pair why its files can not be compared, where that is so. */
static gboolean
look_at_pair (const Diff *diff, DiffPair *pair, GError **error)
{
    const DiffImage *images[2] = { pair->a, pair->b };

    for (guint side = 0; side < 2; side++) {
        Bundle *bundle = diff->sides[side].bundle;
        gboolean whole = TRUE;

        if (bundle == NULL) {
            pair->no_files = "a have file holds no content";
            return TRUE;
        }
        if (packing_is_delta (bundle_packing (bundle)) &&
            !is_whole (bundle, images[side], &whole, error))
            return fail_prefix (error, "%s", diff->sides[side].path);
        if (!whole)
            pair->no_files = side == 0 ? "A is a delta and holds only a part of this image"
                                       : "B is a delta and holds only a part of this image";
    }
    return TRUE;
}

static gboolean
has_files (const DiffPair *pair)
{
    return pair->state == DIFF_CHANGED && pair->no_files == NULL;
}

/* diffID -> LayerFiles of all images of a side that are compared; NULL on error. */
static GHashTable *
read_side (Diff *diff, guint side, Progress *progress, GError **error)
{
    g_autoptr (GHashTable) wanted = g_hash_table_new (digest_hash_key, digest_equal_key);
    g_autoptr (GHashTable) read =
        g_hash_table_new_full (digest_hash_key, digest_equal_key, g_free, layer_free);
    g_autoptr (GArray) layers = NULL;
    g_autoptr (Rebuild) rebuild = NULL;
    gboolean ok = TRUE;
    guint64 bytes;

    for (guint i = 0; i < diff->images->len; i++) {
        const DiffPair *pair = diff->images->pdata[i];

        if (has_files (pair))
            add_layers (wanted, side == 0 ? pair->a : pair->b);
    }
    layers = in_order (diff->sides[side].bundle, wanted, &bytes);
    rebuild = rebuild_new (diff->sides[side].bundle, layers, NULL, error);
    if (rebuild == NULL)
        return NULL;
    progress_begin (progress, "rebuilding layers", bytes);
    for (guint i = 0; ok && i < layers->len; i++) {
        const Digest *diffid = &g_array_index (layers, Digest, i);
        LayerFiles *layer = layer_files_read (rebuild, diffid, progress, error);

        ok = layer != NULL;
        if (ok)
            g_hash_table_insert (read, g_memdup2 (diffid, sizeof *diffid), layer);
    }
    progress_end (progress);
    return ok ? g_steal_pointer (&read) : NULL;
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
static GPtrArray *
list_changes (GTree *a, GTree *b)
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
compare_pair (DiffPair *pair, GHashTable *a, GHashTable *b)
{
    g_autoptr (GTree) from = merge (a, pair->a);
    g_autoptr (GTree) to = merge (b, pair->b);

    pair->files = list_changes (from, to);
}

gboolean
diff_compare_files (Diff *diff, Progress *progress, GError **error)
{
    GHashTable *read[2] = { NULL, NULL };
    guint n = 0;

    for (guint i = 0; i < diff->images->len; i++) {
        DiffPair *pair = diff->images->pdata[i];

        if (pair->state == DIFF_CHANGED && !look_at_pair (diff, pair, error))
            return FALSE;
        n += has_files (pair);
    }
    for (guint side = 0; n > 0 && side < 2; side++) {
        read[side] = read_side (diff, side, progress, error);
        if (read[side] == NULL)
            return fail_prefix (error, "%s", diff->sides[side].path);
        g_ptr_array_add (diff->layers_read, read[side]);
    }
    for (guint i = 0; i < diff->images->len; i++) {
        DiffPair *pair = diff->images->pdata[i];

        if (has_files (pair))
            compare_pair (pair, read[0], read[1]);
    }
    return TRUE;
}
