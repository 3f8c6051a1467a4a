/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/error.h"
#include "manifest/verb-diff.h"

#include <string.h>
#include <sys/stat.h>

typedef struct {
    GTree *files; /* char * -> ImageFile, both owned */
    DigestStream *digest;
} TreeRead;

static int
compare_paths (gconstpointer a, gconstpointer b, gpointer data)
{
    return strcmp (a, b);
}

static gboolean
take_piece (const char *path, gboolean executable, guint64 size, const guint8 *piece, gsize length,
            gboolean last, gpointer data, GError **error)
{
    TreeRead *read = data;
    ImageFile *file;

    digest_stream_add (read->digest, piece, length);
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
read_tree (Diff *diff, guint side, GError **error)
{
    g_autoptr (DigestStream) digest = digest_stream_new ();
    TreeRead read = { g_tree_new_full (compare_paths, NULL, g_free, g_free), digest };

    diff->trees[side] = read.files;
    return bundle_read_tree (diff->sides[side].bundle, take_piece, &read, error) ||
           fail_prefix (error, "%s", diff->sides[side].path);
}

/* A delta may hold a part of its tree: what is not there was not removed. */
static gboolean
is_whole (const Diff *diff, guint side)
{
    return (guint64)g_tree_nnodes (diff->trees[side]) ==
           bundle_statement (diff->sides[side].bundle)->tree_files;
}

gboolean
diff_compare_trees (Diff *diff, GError **error)
{
    if (diff->sides[0].bundle == NULL || diff->sides[1].bundle == NULL)
        return TRUE;
    if (!read_tree (diff, 0, error) || !read_tree (diff, 1, error))
        return FALSE;
    if (is_whole (diff, 0) && is_whole (diff, 1))
        diff->tree = diff_list_files (diff->trees[0], diff->trees[1]);
    return TRUE;
}
