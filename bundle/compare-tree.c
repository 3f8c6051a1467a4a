/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/compare-tree.h"

#include "bundle/base.h"
#include "bundle/tree-base.h"
#include "manifest/error.h"

#include <string.h>
#include <sys/stat.h>

#define TEXTS_BYTES (32 * 1024 * 1024) /* of the contents that are kept of one tree */

typedef struct {
    GTree *files; /* char * -> ImageFile, both owned */
    DigestStream *digest;
    GHashTable *wanted; /* char * -> DiffText, or NULL */
    gsize room;
} TreeRead;

static int
compare_paths (gconstpointer a, gconstpointer b, gpointer data)
{
    return strcmp (a, b);
}

static void
text_free (gpointer data)
{
    DiffText *text = data;

    g_clear_pointer (&text->bytes, g_byte_array_unref);
    g_free (text);
}

void
compare_want_text (Diff *diff, guint side, const char *path)
{
    if (diff->wanted[side] == NULL)
        diff->wanted[side] = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, text_free);
    g_hash_table_replace (diff->wanted[side], g_strdup (path), g_new0 (DiffText, 1));
}

static void
keep_piece (TreeRead *read, const char *path, const guint8 *piece, gsize length)
{
    DiffText *text = read->wanted != NULL ? g_hash_table_lookup (read->wanted, path) : NULL;

    if (text == NULL || text->cut)
        return;
    if (text->bytes == NULL)
        text->bytes = g_byte_array_new ();
    text->cut = length > read->room;
    if (text->cut) {
        read->room += text->bytes->len;
        g_byte_array_set_size (text->bytes, 0);
        return;
    }
    read->room -= length;
    g_byte_array_append (text->bytes, piece, (guint)length);
}

static gboolean
take_piece (const char *path, gboolean executable, guint64 size, const guint8 *piece, gsize length,
            gboolean last, gpointer data, GError **error)
{
    TreeRead *read = data;
    ImageFile *file;

    digest_stream_add (read->digest, piece, length);
    keep_piece (read, path, piece, length);
    if (!last)
        return TRUE;
    file = g_new0 (ImageFile, 1);
    file->mode = S_IFREG | (executable ? 0755 : 0644);
    file->size = size;
    digest_stream_finish (read->digest, &file->content);
    g_tree_insert (read->files, g_strdup (path), file);
    return TRUE;
}

static gboolean
read_tree (Diff *diff, guint side, Bundle *bundle, GError **error)
{
    g_autoptr (DigestStream) digest = digest_stream_new ();
    TreeRead read = { g_tree_new_full (compare_paths, NULL, g_free, g_free), digest,
                      diff->wanted[side], TEXTS_BYTES };

    diff->trees[side] = read.files;
    return bundle_read_tree (bundle, take_piece, &read, error) ||
           fail_prefix (error, "%s", diff->sides[side].path);
}

static gboolean
is_whole (const Bundle *bundle)
{
    return bundle_packing (bundle)->tree_left_out.files == 0;
}

/* What this side leaves out of its tree is on the other side, or in the bundle beside it. */
static gboolean
complete_tree (Diff *diff, guint side, Progress *progress, GError **error)
{
    Bundle *bundle = diff->sides[side].bundle, *other = diff->sides[1 - side].bundle;
    g_autoptr (BundleTree) tree = NULL;
    g_autoptr (BaseBundle) base = NULL;
    gboolean ok;

    if (is_whole (bundle))
        return read_tree (diff, side, bundle, error);
    if (!is_whole (other) ||
        !packing_is_from (bundle_packing (bundle), bundle_release_digest (other))) {
        base = base_bundle_open (bundle_path (bundle), NULL, progress, error);
        return base != NULL && read_tree (diff, side, base_bundle_get (base), error);
    }
    tree = bundle_tree_new (other);
    bundle_use_tree (bundle, bundle_tree_base (tree));
    ok = read_tree (diff, side, bundle, error);
    bundle_use_tree (bundle, NULL);
    return ok;
}

gboolean
compare_trees (Diff *diff, Progress *progress, GError **error)
{
    if (diff->sides[0].bundle == NULL || diff->sides[1].bundle == NULL)
        return TRUE;
    for (guint side = 0; side < 2; side++) {
        g_autoptr (GError) problem = NULL;

        if (complete_tree (diff, side, progress, &problem))
            continue;
        if (g_error_matches (problem, HANDCARRY_ERROR, ERR_BASE_MISSING)) {
            diff->no_tree = g_strdup (problem->message);
            return TRUE;
        }
        g_propagate_error (error, g_steal_pointer (&problem));
        return FALSE;
    }
    diff->tree = compare_list_files (diff->trees[0], diff->trees[1]);
    return TRUE;
}
