/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/tree-objects.h"

#include "install/tree-store.h"
#include "manifest/file.h"
#include "manifest/limits.h"

#include <fcntl.h>
#include <string.h>

/* In a repository of mode bare-user-only a file's object is its content, and its mode says whether
 * it is executable. The types are those of libostree's ostree-core.h; see also bundle/tree.c. */
#define OBJECTS TREE_STORE_FOLDER "/objects"
#define TYPE_COMMIT "(a{sv}aya(say)sstayay)"
#define TYPE_FOLDER "(a(say)a(sayay))"
#define COMMIT_ROOT 6 /* the member with the checksum of the root folder */

struct TreeObjects {
    int dirfd;
    GHashTable *folders; /* path, "" for the root → GVariant */
};

static char *
object_path (const Digest *checksum, const char *ending)
{
    g_autofree char *hex = digest_to_hex (checksum);

    return g_strdup_printf ("%.2s/%s.%s", hex, hex + 2, ending);
}

/* NULL where it is not there or not what its name says. */
static GVariant *
read_object (int dirfd, const Digest *checksum, const char *ending, const char *type)
{
    g_autofree char *path = object_path (checksum, ending);
    g_autoptr (GBytes) bytes = file_read_below (dirfd, path, LIMIT_TREE_FOLDER_BYTES, NULL);
    Digest found;

    if (bytes == NULL)
        return NULL;
    found = digest_of_bytes (bytes);
    return digest_equal (&found, checksum)
               ? g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE (type), bytes, FALSE))
               : NULL;
}

static gboolean
read_checksum (GVariant *parent, gsize index, Digest *checksum)
{
    g_autoptr (GVariant) bytes = g_variant_get_child_value (parent, index);
    gsize length;
    gconstpointer data = g_variant_get_fixed_array (bytes, &length, 1);

    if (length == DIGEST_BYTES)
        memcpy (checksum->b, data, DIGEST_BYTES);
    return length == DIGEST_BYTES;
}

/* Entries are sorted by name. The checksum comes after it. */
static gboolean
find_entry (GVariant *folder, gsize part, const char *name, Digest *checksum)
{
    g_autoptr (GVariant) entries = g_variant_get_child_value (folder, part);
    gsize low = 0, high = g_variant_n_children (entries);

    while (low < high) {
        gsize middle = low + (high - low) / 2;
        g_autoptr (GVariant) entry = g_variant_get_child_value (entries, middle);
        const char *found;
        int order;

        g_variant_get_child (entry, 0, "&s", &found);
        order = strcmp (name, found);
        if (order == 0)
            return read_checksum (entry, 1, checksum);
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return FALSE;
}

TreeObjects *
tree_objects_open (const Host *host, const Digest *commit)
{
    g_autoptr (TreeObjects) objects = g_new0 (TreeObjects, 1);
    g_autoptr (GVariant) object = NULL;
    GVariant *root;
    Digest checksum;

    objects->folders =
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_variant_unref);
    objects->dirfd = file_open_below (host->state_fd, OBJECTS, O_RDONLY | O_DIRECTORY, NULL);
    if (objects->dirfd >= 0)
        object = read_object (objects->dirfd, commit, "commit", TYPE_COMMIT);
    if (object == NULL || !read_checksum (object, COMMIT_ROOT, &checksum))
        return NULL;
    root = read_object (objects->dirfd, &checksum, "dirtree", TYPE_FOLDER);
    if (root == NULL)
        return NULL;
    g_hash_table_insert (objects->folders, g_strdup (""), root);
    return g_steal_pointer (&objects);
}

void
tree_objects_free (TreeObjects *objects)
{
    if (objects == NULL)
        return;
    file_clear_fd (&objects->dirfd);
    g_hash_table_unref (objects->folders);
    g_free (objects);
}

/* Folders are few, and asked for again and again. */
static GVariant *
find_folder (TreeObjects *objects, const char *path)
{
    const char *slash = strrchr (path, '/');
    g_autofree char *above = g_strndup (path, slash != NULL ? (gsize)(slash - path) : 0);
    GVariant *folder = g_hash_table_lookup (objects->folders, path), *parent;
    Digest checksum;

    if (folder != NULL)
        return folder;
    parent = find_folder (objects, above);
    if (parent == NULL || !find_entry (parent, 1, slash != NULL ? slash + 1 : path, &checksum))
        return NULL;
    folder = read_object (objects->dirfd, &checksum, "dirtree", TYPE_FOLDER);
    if (folder != NULL)
        g_hash_table_insert (objects->folders, g_strdup (path), folder);
    return folder;
}

int
tree_objects_find (TreeObjects *objects, const char *path)
{
    const char *slash = strrchr (path, '/');
    g_autofree char *above = g_strndup (path, slash != NULL ? (gsize)(slash - path) : 0);
    GVariant *folder = find_folder (objects, above);
    g_autofree char *object = NULL;
    Digest checksum;

    if (folder == NULL || !find_entry (folder, 0, slash != NULL ? slash + 1 : path, &checksum))
        return -1;
    object = object_path (&checksum, "file");
    return file_open_below (objects->dirfd, object, O_RDONLY | O_NONBLOCK, NULL);
}
