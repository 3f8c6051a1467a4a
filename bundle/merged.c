/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/merged.h"

#include "bundle/scan.h"
#include "bundle/whiteout.h"

#include <string.h>

typedef struct {
    GHashTable *table;
    guint layer;
} Merge;

/* Is path below folder, or anywhere where folder is ""? */
static gboolean
is_below (const char *path, const char *folder, gsize length)
{
    return length == 0 || (strncmp (path, folder, length) == 0 && path[length] == '/');
}

typedef struct {
    const char *folder;
    gsize length;
    guint layer;
} Hide;

static gboolean
is_hidden (gpointer path, gpointer data, gpointer user)
{
    const MergedEntry *entry = data;
    const Hide *hide = user;

    return entry->layer < hide->layer && is_below (path, hide->folder, hide->length);
}

/* What lower layers have below a folder is no longer seen. */
static void
hide_below (Merge *merge, const char *folder, gsize length)
{
    Hide hide = { folder, length, merge->layer };

    g_hash_table_foreach_remove (merge->table, is_hidden, &hide);
}

static void
remove_name (Merge *merge, const char *path)
{
    const MergedEntry *entry = g_hash_table_lookup (merge->table, path);

    if (entry == NULL || entry->layer >= merge->layer)
        return;
    if (entry->folder)
        hide_below (merge, path, strlen (path));
    g_hash_table_remove (merge->table, path);
}

/* TRUE where path is the name of a whiteout. */
static gboolean
apply_whiteout (Merge *merge, const char *path)
{
    g_autofree char *absolute = g_strconcat ("/", path, NULL);
    g_autofree char *target = NULL;
    const char *name;

    switch (whiteout_read (absolute, &target)) {
    case WHITEOUT_NONE:
        return FALSE;
    case WHITEOUT_NAME:
        remove_name (merge, target + 1);
        break;
    case WHITEOUT_OPAQUE:
        name = *target == '/' ? target + 1 : target;
        hide_below (merge, name, strlen (name));
        break;
    case WHITEOUT_IGNORE:
        break;
    }
    return TRUE;
}

/* Where a parent is a symlink or a file, the entry lies elsewhere than its name says. */
static gboolean
has_odd_parent (const Merge *merge, const char *path)
{
    for (const char *slash = strchr (path, '/'); slash != NULL; slash = strchr (slash + 1, '/')) {
        g_autofree char *parent = g_strndup (path, (gsize)(slash - path));
        const MergedEntry *entry = g_hash_table_lookup (merge->table, parent);

        if (entry != NULL && !entry->folder)
            return TRUE;
    }
    return FALSE;
}

static void
add (Merge *merge, const ScanEntry *from)
{
    MergedEntry *before = g_hash_table_lookup (merge->table, from->path);
    MergedEntry *entry;

    if (before != NULL && before->layer == merge->layer) {
        before->doubtful = TRUE;
        before->folder = from->kind == SCAN_FOLDER;
        return;
    }
    if (before != NULL && before->folder && from->kind != SCAN_FOLDER)
        hide_below (merge, from->path, strlen (from->path));
    entry = g_new0 (MergedEntry, 1);
    entry->layer = merge->layer;
    entry->extent = from->kind == SCAN_FILE ? from->extent : G_MAXUINT;
    entry->folder = from->kind == SCAN_FOLDER;
    entry->doubtful = has_odd_parent (merge, from->path);
    g_hash_table_replace (merge->table, from->path, entry);
}

GHashTable *
merged_new (GPtrArray *layers)
{
    Merge merge = { g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free), 0 };

    for (; merge.layer < layers->len; merge.layer++) {
        const GArray *entries = ((UnpackedLayer *)layers->pdata[merge.layer])->entries;

        /* What is removed is that of lower layers, wherever in the tar it stands. */
        for (guint i = 0; i < entries->len; i++) {
            const ScanEntry *entry = &g_array_index (entries, ScanEntry, i);

            if (!apply_whiteout (&merge, entry->path))
                add (&merge, entry);
        }
    }
    return merge.table;
}
