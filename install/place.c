/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/place.h"

#include "install/place-copy.h"
#include "install/place-private.h"
#include "install/place-tree.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define XATTR_BYTES 65536 /* the kernel's own limit of a list */
#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* "/a/b/c/" → "/a/b" and "c". */
static void
split (const char *path, char **parent, char **name)
{
    g_autofree char *bare = g_strdup (path);

    while (strlen (bare) > 1 && g_str_has_suffix (bare, "/"))
        bare[strlen (bare) - 1] = '\0';
    *parent = g_path_get_dirname (bare);
    *name = g_path_get_basename (bare);
}

/* One step down. */
static int
step_down (int dirfd, const char *component, gboolean make)
{
    int fd = openat (dirfd, component, FOLDER_FLAGS);

    if (fd >= 0 || errno != ENOENT || !make)
        return fd;
    if (mkdirat (dirfd, component, 0755) < 0 && errno != EEXIST)
        return -1;
    fd = openat (dirfd, component, FOLDER_FLAGS);
    if (fd >= 0 && (fchmod (fd, 0755) < 0 || fsync (dirfd) < 0))
        file_clear_fd (&fd);
    return fd;
}

/* Walks an absolute folder path. Where make is not set and missing is not NULL, the first component
 * that is not there is put there, and the result is -1 without an error. */
static int
open_folder (const char *path, gboolean make, char **missing, GError **error)
{
    g_auto (GStrv) parts = g_strsplit (path, "/", -1);
    g_autoptr (GString) sofar = g_string_new (NULL);
    autofd int fd = openat (AT_FDCWD, "/", FOLDER_FLAGS);

    for (char **part = parts; *part != NULL && fd >= 0; part++) {
        int next;

        if (**part == '\0')
            continue;
        g_string_append_printf (sofar, "/%s", *part);
        next = step_down (fd, *part, make);
        if (next < 0 && errno == ENOENT && missing != NULL) {
            *missing = g_strdup (sofar->str);
            return -1;
        }
        if (next < 0 && (errno == ELOOP || errno == ENOTDIR))
            fail (error, ERR_NOT_READY,
                  "'%s' is a symlink or no folder; write the path in release.yaml without it",
                  sofar->str);
        else if (next < 0)
            fail_errno (error, ERR_FAILED, errno, "cannot open '%s'", sofar->str);
        file_clear_fd (&fd);
        fd = next;
    }
    return file_steal_fd (&fd);
}

gboolean
place_look_at (int dirfd, const char *name, const char *path, PlaceThing *found, GError **error)
{
    struct stat st;
    autofd int fd = -1;

    *found = (PlaceThing){ .kind = PLACE_NOTHING };
    if (fstatat (dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
        if (errno == ENOENT)
            return TRUE;
        return fail_errno (error, ERR_FAILED, errno, "cannot look at '%s'", path);
    }
    if (!S_ISREG (st.st_mode) && !S_ISDIR (st.st_mode))
        return fail (error, ERR_NOT_READY,
                     "'%s' is a symlink or special; expected a file or folder, remove it first",
                     path);
    if (S_ISREG (st.st_mode) && st.st_nlink != 1)
        return fail (error, ERR_NOT_READY,
                     "'%s' has %lu names (hard links); expected one, remove it first", path,
                     (gulong)st.st_nlink);
    fd = openat (dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot read '%s'", path);
    found->kind = S_ISDIR (st.st_mode) ? PLACE_FOLDER : PLACE_FILE;
    found->mode = st.st_mode & 07777;
    found->uid = st.st_uid;
    found->gid = st.st_gid;
    if (found->kind == PLACE_FOLDER)
        return place_hash_folder (fd, &found->digest, &found->bytes, error);
    found->bytes = (guint64)st.st_size;
    return place_hash_fd (fd, path, &found->digest, error);
}

gboolean
place_inode (int dirfd, const char *name, const char *path, guint64 *inode, GError **error)
{
    struct stat st = { .st_ino = 0 };

    if (fstatat (dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
        return fail_errno (error, ERR_FAILED, errno, "cannot look at '%s'", path);
    *inode = st.st_ino;
    return TRUE;
}

gboolean
place_same (const PlaceThing *a, const PlaceThing *b)
{
    return a->kind == b->kind &&
           (a->kind == PLACE_NOTHING || digest_equal (&a->digest, &b->digest));
}

gboolean
place_equal (const PlaceThing *a, const PlaceThing *b)
{
    return place_same (a, b) && (a->kind == PLACE_NOTHING ||
                                 (a->mode == b->mode && a->uid == b->uid && a->gid == b->gid));
}

GBytes *
place_read (const char *path, gsize limit, GError **error)
{
    g_autofree char *parent = NULL, *name = NULL;
    autofd int dirfd = -1;

    split (path, &parent, &name);
    dirfd = open_folder (parent, FALSE, NULL, error);
    return dirfd >= 0 ? file_read_below (dirfd, name, limit, error) : NULL;
}

/* *missing is the highest folder that is not there, or NULL. */
static gboolean
look (const char *path, PlaceThing *found, char **missing, GError **error)
{
    g_autofree char *parent = NULL, *name = NULL;
    PlaceThing seen = { .kind = PLACE_NOTHING };
    autofd int dirfd = -1;

    split (path, &parent, &name);
    dirfd = open_folder (parent, FALSE, missing, error);
    if (dirfd < 0 && *missing == NULL)
        return FALSE;
    if (dirfd >= 0 && !place_look_at (dirfd, name, path, &seen, error))
        return FALSE;
    *found = seen;
    return TRUE;
}

gboolean
place_look (const char *path, PlaceThing *found, GError **error)
{
    g_autofree char *missing = NULL;

    return look (path, found, &missing, error);
}

char *
place_extras (const char *path)
{
    static const char *const given[] = { "security.selinux", "security.ima", "security.evm",
                                         "trusted.overlay." };
    g_autofree char *parent = NULL, *name = NULL, *missing = NULL, *names = g_malloc (XATTR_BYTES);
    g_autoptr (GString) found = g_string_new (NULL);
    autofd int dirfd = -1, fd = -1;
    ssize_t length;

    split (path, &parent, &name);
    dirfd = open_folder (parent, FALSE, &missing, NULL);
    if (dirfd >= 0)
        fd = openat (dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    length = fd >= 0 ? flistxattr (fd, names, XATTR_BYTES) : 0;
    for (const char *at = names; length > 0 && at < names + length; at += strlen (at) + 1) {
        gboolean counts = TRUE;

        for (gsize i = 0; i < G_N_ELEMENTS (given); i++)
            counts = counts && !g_str_has_prefix (at, given[i]);
        if (counts)
            g_string_append_printf (found, "%s%s", found->len > 0 ? ", " : "", at);
    }
    return found->len > 0 ? error_quote (found->str) : NULL;
}

GPtrArray *
place_list_beside (const char *path, GError **error)
{
    g_autofree char *parent = NULL, *name = NULL, *missing = NULL, *prefix = NULL;
    g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (g_free), all = NULL;
    autofd int dirfd = -1;

    split (path, &parent, &name);
    prefix = g_strconcat (name, ".handcarry-", NULL);
    dirfd = open_folder (parent, FALSE, &missing, error);
    if (missing != NULL)
        return g_steal_pointer (&found);
    all = dirfd >= 0 ? file_list (dirfd, parent, error) : NULL;
    for (guint i = 0; all != NULL && i < all->len; i++)
        if (g_str_has_prefix (g_ptr_array_index (all, i), prefix))
            g_ptr_array_add (found, g_build_filename (parent, g_ptr_array_index (all, i), NULL));
    return all != NULL ? g_steal_pointer (&found) : NULL;
}

/* The longest of the names that it may have beside itself. */
static gboolean
check_name (const PlaceData *data, GError **error)
{
    g_autofree char *parent = NULL, *name = NULL, *longest = NULL;

    split (data->path, &parent, &name);
    longest = g_strdup_printf ("%s.handcarry-old.%s-99", name, data->tag);
    return strlen (longest) <= LIMIT_PATH_COMPONENT_BYTES ||
           fail (error, ERR_NOT_READY,
                 "the name of '%s' is too long by %u bytes: what is kept beside it has no name",
                 data->path, (guint)strlen (longest) - LIMIT_PATH_COMPONENT_BYTES);
}

gboolean
place_plan (PlaceData *data, GError **error)
{
    g_clear_pointer (&data->made_from, g_free);
    return check_name (data, error) && look (data->path, &data->found, &data->made_from, error);
}

void
place_keep_old (PlaceData *data)
{
    g_autofree char *parent = NULL, *name = NULL;

    split (data->path, &parent, &name);
    g_free (data->keep_as);
    data->keep_as = g_strdup_printf ("%s.handcarry-old.%s", name, data->tag);
}

void
place_data_clear (PlaceData *data)
{
    g_clear_pointer (&data->path, g_free);
    g_clear_pointer (&data->tag, g_free);
    g_clear_pointer (&data->made_from, g_free);
    g_clear_pointer (&data->keep_as, g_free);
}

void
place_spot_clear (PlaceSpot *spot)
{
    file_clear_fd (&spot->dirfd);
    g_clear_pointer (&spot->name, g_free);
    g_clear_pointer (&spot->temporary, g_free);
}

gboolean
place_spot_open (PlaceSpot *spot, const PlaceData *data, gboolean make, gboolean *missing,
                 GError **error)
{
    g_autofree char *parent = NULL, *first = NULL;

    split (data->path, &parent, &spot->name);
    spot->temporary = g_strdup_printf (".%s.handcarry-%s", spot->name, data->tag);
    spot->dirfd = open_folder (parent, make, missing != NULL ? &first : NULL, error);
    if (missing != NULL)
        *missing = first != NULL;
    return spot->dirfd >= 0 || first != NULL;
}

gboolean
place_remove_parents (const PlaceData *data, GError **error)
{
    g_autofree char *path = g_strdup (data->path);

    while (data->made_from != NULL && strcmp (path, data->made_from) != 0) {
        g_autofree char *folder = NULL, *above = NULL, *name = NULL, *base = NULL, *first = NULL;
        autofd int dirfd = -1;

        split (path, &folder, &base);
        split (folder, &above, &name);
        dirfd = open_folder (above, FALSE, &first, error);
        if (dirfd < 0 && first == NULL)
            return FALSE;
        if (dirfd >= 0 && unlinkat (dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
            return errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR ||
                   fail_errno (error, ERR_FAILED, errno, "cannot remove the folder '%s'", folder);
        if (dirfd >= 0 && !file_fsync_dir (dirfd, folder, error))
            return FALSE;
        g_free (path);
        path = g_steal_pointer (&folder);
    }
    return TRUE;
}

gboolean
place_keep (const PlaceData *data, int dirfd, const char *name, GError **error)
{
    g_auto (PlaceSpot) spot = { .dirfd = -1 };

    return place_remove_tree (dirfd, name, error) &&
           place_spot_open (&spot, data, FALSE, NULL, error) &&
           place_copy (spot.dirfd, spot.name, dirfd, name, TRUE, data->path, error);
}
