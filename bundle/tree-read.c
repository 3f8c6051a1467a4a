/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/bundle.h"

#include "bundle/reader.h"
#include "bundle/tree.h"
#include "bundle/tree-cursor.h"
#include "manifest/error.h"

#include <string.h>

#define PIECE (256 * 1024)

typedef struct {
    TreeCursor *cursor;
    BundleTreeFunc func;
    gpointer data;
    guint8 *piece;
    TreeChecksum *sum; /* NULL: the frames' digests, compared in this process, are proof enough */
} TreeWalk;

static gboolean
walk_file (TreeWalk *walk, const char *path, gboolean executable, guint64 size, GError **error)
{
    if (walk->sum != NULL && !tree_checksum_begin (walk->sum, path, executable, size, error))
        return FALSE;
    for (;;) {
        gssize n = tree_cursor_read (walk->cursor, walk->piece, PIECE, error);

        if (n < 0)
            return FALSE;
        if (walk->sum != NULL)
            tree_checksum_add (walk->sum, walk->piece, (gsize)n);
        if (n == 0 && walk->sum != NULL && !tree_checksum_end (walk->sum, error))
            return FALSE;
        if (!walk->func (path, executable, size, walk->piece, (gsize)n, n == 0, walk->data, error))
            return FALSE;
        if (n == 0)
            return TRUE;
    }
}

gboolean
bundle_fail_commit (const Bundle *bundle, const Digest *found, GError **error)
{
    g_autofree char *text = digest_to_hex (found);
    g_autofree char *expected = digest_to_hex (&bundle->statement->tree_commit);

    return fail (error, ERR_FORMAT, "the tree's commit is %s, the statement says %s", text,
                 expected);
}

/* Another process is not believed. */
static gboolean
prove (const Bundle *bundle, TreeChecksum *sum, GError **error)
{
    Digest commit;

    if (sum == NULL)
        return TRUE;
    tree_checksum_commit (sum, &commit);
    if (digest_equal (&commit, &bundle->statement->tree_commit))
        return TRUE;
    return bundle_fail_commit (bundle, &commit, error);
}

gboolean
bundle_read_tree (Bundle *bundle, BundleTreeFunc func, gpointer data, GError **error)
{
    g_autoptr (TreeCursor) cursor = tree_cursor_new (bundle, error);
    g_autoptr (TreeChecksum) sum = bundle->apart ? tree_checksum_new () : NULL;
    g_autofree guint8 *piece = g_malloc (PIECE);
    TreeWalk walk = { cursor, func, data, piece, sum };

    while (cursor != NULL) {
        const char *path;
        gboolean executable;
        guint64 size;

        if (!tree_cursor_next (cursor, &path, &executable, &size, error))
            return FALSE;
        if (path == NULL)
            return prove (bundle, sum, error);
        if (!walk_file (&walk, path, executable, size, error))
            return FALSE;
    }
    return FALSE;
}

struct BundleTree {
    TreeBase base;
    Bundle *bundle;
    TreeCursor *cursor;
};

static gboolean
begin (gpointer data, GError **error)
{
    BundleTree *tree = data;

    g_clear_pointer (&tree->cursor, tree_cursor_free);
    tree->cursor = tree_cursor_new (tree->bundle, error);
    return tree->cursor != NULL;
}

/* Both trees go by the order of paths, so one pass over this one is enough. */
static gboolean
find (gpointer data, const char *wanted, gboolean *executable, guint64 *size, GError **error)
{
    BundleTree *tree = data;
    const char *path;

    do {
        if (!tree_cursor_next (tree->cursor, &path, executable, size, error))
            return FALSE;
    } while (path != NULL && strcmp (path, wanted) < 0);
    if (path == NULL || strcmp (path, wanted) != 0)
        return fail (error, ERR_BASE_MISSING, "the tree in '%s' does not have it",
                     bundle_path (tree->bundle));
    return TRUE;
}

static gssize
read_bytes (gpointer data, guint8 *bytes, gsize length, GError **error)
{
    return tree_cursor_read (((BundleTree *)data)->cursor, bytes, length, error);
}

BundleTree *
bundle_tree_new (Bundle *bundle)
{
    BundleTree *tree = g_new0 (BundleTree, 1);

    tree->base = (TreeBase){ begin, find, read_bytes, tree };
    tree->bundle = bundle;
    return tree;
}

const TreeBase *
bundle_tree_base (const BundleTree *tree)
{
    return &tree->base;
}

void
bundle_tree_free (BundleTree *tree)
{
    if (tree == NULL)
        return;
    tree_cursor_free (tree->cursor);
    g_free (tree);
}
