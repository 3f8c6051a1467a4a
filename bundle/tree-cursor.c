/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/tree-cursor.h"

#include "bundle/member.h"
#include "bundle/reader.h"
#include "bundle/tree-apart.h"
#include "bundle/tree-table.h"
#include "manifest/error.h"
#include "manifest/fuzzing.h"
#include "manifest/path.h"

#include <string.h>
#include <zlib.h>

#define PREFIX "tree/"

struct TreeCursor {
    TreeApart *apart; /* not NULL: the bundle is read by another process, and the rest is unused */
    Bundle *bundle;
    RegionReader *region;
    MemberReader *members;
    guint64 seen; /* bytes of the region that its members take so far */
    /* The carried file that comes next; path NULL behind the last. */
    struct {
        char *path;
        gboolean executable;
        guint64 size;
    } carried;
    GArray *left_out; /* TreeFile */
    guint next;       /* of left_out */
    char *path;       /* of the current file, NULL before the first */
    /* Of the current file where it is left out, else NULL; then how far it was read. */
    const TreeFile *file;
    gboolean found;
    guint64 at;
    uLong sum;
};

/* The table, where there is one, must be what the packing list says. */
static gboolean
load_left_out (TreeCursor *cursor, GError **error)
{
    const PackingTree *said = &cursor->bundle->packing->tree_left_out;
    g_autoptr (GBytes) text = NULL;
    guint64 bytes = 0;

    if (said->files == 0) {
        cursor->left_out = tree_table_new ();
        return TRUE;
    }
    text = bundle_read_meta (cursor->bundle, TREE_TABLE_MEMBER, error);
    cursor->left_out = text != NULL ? tree_table_parse (text, error) : NULL;
    if (cursor->left_out == NULL)
        return FALSE;
    for (guint i = 0; i < cursor->left_out->len; i++) {
        guint64 length = g_array_index (cursor->left_out, TreeFile, i).length;

        if (length > said->bytes - bytes)
            return fail (error, ERR_FORMAT,
                         "tree files left out: they are longer than the packing list says");
        bytes += length;
    }
    if (cursor->left_out->len != said->files || bytes != said->bytes)
        return fail (error, ERR_FORMAT,
                     "tree files left out: there are %u of %" G_GUINT64_FORMAT
                     " bytes, the packing list says %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT,
                     cursor->left_out->len, bytes, said->files, said->bytes);
    return TRUE;
}

static gboolean
next_carried (TreeCursor *cursor, GError **error)
{
    const char *name, *path;

    g_clear_pointer (&cursor->carried.path, g_free);
    if (!member_reader_next (cursor->members, &name, &cursor->carried.size,
                             &cursor->carried.executable, error))
        return FALSE;
    if (name == NULL)
        return bundle_check_region_end (cursor->bundle, REGION_TREE, cursor->seen, error);
    cursor->seen += bundle_member_bytes (name, cursor->carried.size, cursor->carried.executable);
    if (!g_str_has_prefix (name, PREFIX))
        return fail (error, ERR_FORMAT, "member '%s' lies among the tree's files", name);
    path = name + strlen (PREFIX);
    if (!path_check_relative (path, error))
        return FALSE;
    if (cursor->path != NULL && strcmp (cursor->path, path) >= 0) {
        g_autofree char *shown = error_quote (path);

        return fail (error, ERR_FORMAT,
                     "tree file '%s' is there twice, or does not lie in the order of the paths",
                     shown);
    }
    cursor->carried.path = g_strdup (path);
    return TRUE;
}

gboolean
bundle_begin_tree_base (const Bundle *bundle, GError **error)
{
    const TreeBase *base = bundle->tree_base;

    if (base == NULL)
        return fail (error, ERR_BASE_MISSING,
                     "'%s' is a delta, and %" G_GUINT64_FORMAT
                     " files of its tree are in the bundle that it was made against; give that "
                     "with --base BUNDLE",
                     bundle->path, bundle->packing->tree_left_out.files);
    return base->begin (base->data, error);
}

TreeCursor *
tree_cursor_new (Bundle *bundle, GError **error)
{
    g_autoptr (TreeCursor) cursor = g_new0 (TreeCursor, 1);

    if (bundle->apart) {
        cursor->apart = tree_apart_new (bundle, error);
        return cursor->apart != NULL ? g_steal_pointer (&cursor) : NULL;
    }
    cursor->bundle = bundle;
    cursor->region = region_reader_new (bundle, REGION_TREE);
    cursor->members = member_reader_new (region_reader_read, cursor->region);
    if (!load_left_out (cursor, error))
        return NULL;
    if ((cursor->left_out->len > 0 && !bundle_begin_tree_base (bundle, error)) ||
        !next_carried (cursor, error))
        return NULL;
    return g_steal_pointer (&cursor);
}

void
tree_cursor_free (TreeCursor *cursor)
{
    if (cursor == NULL)
        return;
    tree_apart_free (cursor->apart);
    member_reader_free (cursor->members);
    region_reader_free (cursor->region);
    g_clear_pointer (&cursor->left_out, g_array_unref);
    g_free (cursor->carried.path);
    g_free (cursor->path);
    g_free (cursor);
}

static void
take_left_out (TreeCursor *cursor, const char **path, gboolean *executable, guint64 *size)
{
    cursor->file = &g_array_index (cursor->left_out, TreeFile, cursor->next++);
    cursor->found = FALSE;
    g_free (cursor->path);
    *path = cursor->path = g_strdup (cursor->file->path);
    *executable = cursor->file->executable;
    *size = cursor->file->length;
}

gboolean
tree_cursor_next (TreeCursor *cursor, const char **path, gboolean *executable, guint64 *size,
                  GError **error)
{
    const TreeFile *left_out = NULL;
    int order;

    if (cursor->apart != NULL)
        return tree_apart_next (cursor->apart, path, executable, size, error);
    /* The member reader stands in the carried file that was given last. */
    if (cursor->path != NULL && cursor->file == NULL && !next_carried (cursor, error))
        return FALSE;
    cursor->file = NULL;
    *path = NULL;
    if (cursor->next < cursor->left_out->len)
        left_out = &g_array_index (cursor->left_out, TreeFile, cursor->next);
    if (left_out == NULL && cursor->carried.path == NULL)
        return TRUE;
    order = left_out == NULL               ? -1
            : cursor->carried.path == NULL ? 1
                                           : strcmp (cursor->carried.path, left_out->path);
    if (order == 0)
        return fail (error, ERR_FORMAT, "tree file '%s' is carried, and left out too",
                     left_out->path);
    if (order > 0) {
        take_left_out (cursor, path, executable, size);
        return TRUE;
    }
    g_free (cursor->path);
    *path = cursor->path = g_strdup (cursor->carried.path);
    *executable = cursor->carried.executable;
    *size = cursor->carried.size;
    return TRUE;
}

/* Executable or not is as much part of a file as its bytes. */
static gboolean
find (TreeCursor *cursor, GError **error)
{
    const TreeBase *base = cursor->bundle->tree_base;
    gboolean executable;
    guint64 size;

    if (!base->find (base->data, cursor->file->path, &executable, &size, error))
        return FALSE;
    if (size != cursor->file->length)
        return fail (error, ERR_BASE_MISSING,
                     "it was changed: it has %" G_GUINT64_FORMAT
                     " bytes, this delta was made against %" G_GUINT64_FORMAT,
                     size, cursor->file->length);
    if (executable != cursor->file->executable)
        return fail (error, ERR_BASE_MISSING, "its mode was changed: it was %sexecutable",
                     executable ? "not " : "");
    cursor->found = TRUE;
    cursor->at = 0;
    cursor->sum = crc32 (0, NULL, 0);
    return TRUE;
}

static gssize
read_left_out (TreeCursor *cursor, guint8 *bytes, gsize length, GError **error)
{
    const TreeBase *base = cursor->bundle->tree_base;
    gssize n;

    if (!cursor->found && !find (cursor, error))
        return -1;
    n = base->read (base->data, bytes, length, error);
    if (n < 0)
        return -1;
    cursor->at += (gsize)n;
    cursor->sum = crc32_z (cursor->sum, bytes, (gsize)n);
    if (cursor->at > cursor->file->length ||
        (n == 0 && (cursor->at < cursor->file->length ||
                    !check_holds (cursor->sum == cursor->file->checksum)))) {
        fail (error, ERR_BASE_MISSING,
              "it was changed: its bytes are not those that this delta was made against");
        return -1;
    }
    return n;
}

gssize
tree_cursor_read (TreeCursor *cursor, guint8 *bytes, gsize length, GError **error)
{
    gssize n;

    if (cursor->apart != NULL)
        return tree_apart_read (cursor->apart, bytes, length, error);
    if (cursor->file == NULL)
        return member_reader_read (cursor->members, bytes, length, error);
    n = read_left_out (cursor, bytes, length, error);
    if (n < 0) {
        g_autofree char *shown = error_quote (cursor->file->path);

        fail_prefix (error, "tree file '%s'", shown);
    }
    return n;
}
