/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/place.h"

#include "install/place-tree.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct Placement {
    char *path, *name, *temporary;
    int dirfd;
    gboolean made, existed, switched, done;
    char *made_from; /* highest parent that was made, or NULL */
};

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

/* One step down. Where made is not NULL, a missing folder is made and the first one named there. */
static int
step_down (int dirfd, const char *component, const char *sofar, char **made)
{
    int fd = openat (dirfd, component, FOLDER_FLAGS);

    if (fd >= 0 || errno != ENOENT || made == NULL)
        return fd;
    if (mkdirat (dirfd, component, 0755) < 0 && errno != EEXIST)
        return -1;
    if (*made == NULL)
        *made = g_strdup (sofar);
    fd = openat (dirfd, component, FOLDER_FLAGS);
    if (fd >= 0 && fchmod (fd, 0755) < 0)
        file_clear_fd (&fd);
    return fd;
}

/* Walks an absolute folder path. -1 with *missing set where a component is not there. */
static int
open_folder (const char *path, char **made, gboolean *missing, GError **error)
{
    g_auto (GStrv) parts = g_strsplit (path, "/", -1);
    g_autoptr (GString) sofar = g_string_new (NULL);
    autofd int fd = openat (AT_FDCWD, "/", FOLDER_FLAGS);

    for (char **part = parts; *part != NULL && fd >= 0; part++) {
        int next;

        if (**part == '\0')
            continue;
        g_string_append_printf (sofar, "/%s", *part);
        next = step_down (fd, *part, sofar->str, made);
        if (next < 0 && errno == ENOENT && missing != NULL) {
            *missing = TRUE;
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

static gboolean
look_at (int dirfd, const char *name, const char *path, PlaceFound *found, GError **error)
{
    struct stat st;
    autofd int fd = -1;

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
    return found->kind == PLACE_FOLDER ? place_hash_folder (fd, &found->digest, error)
                                       : place_hash_fd (fd, path, &found->digest, error);
}

gboolean
place_look (const char *path, PlaceFound *found, GError **error)
{
    g_autofree char *parent = NULL, *name = NULL;
    PlaceFound seen = { .kind = PLACE_NOTHING };
    gboolean missing = FALSE;
    autofd int dirfd = -1;

    split (path, &parent, &name);
    dirfd = open_folder (parent, NULL, &missing, error);
    if (dirfd < 0 && !missing)
        return FALSE;
    if (dirfd >= 0 && !look_at (dirfd, name, path, &seen, error))
        return FALSE;
    *found = seen;
    return TRUE;
}

Placement *
place_begin (const char *path, const char *tag, GError **error)
{
    g_autoptr (Placement) placement = g_new0 (Placement, 1);
    g_autofree char *parent = NULL;
    struct stat st;

    split (path, &parent, &placement->name);
    placement->path = g_strdup (path);
    placement->temporary = g_strdup_printf (".%s.handcarry-%s", placement->name, tag);
    placement->dirfd = open_folder (parent, &placement->made_from, NULL, error);
    if (placement->dirfd < 0)
        return NULL;
    placement->existed = fstatat (placement->dirfd, placement->name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    /* Left by a run that was killed: nobody else makes such names. */
    if (!place_remove_tree (placement->dirfd, placement->temporary, error))
        return NULL;
    placement->made = TRUE;
    return g_steal_pointer (&placement);
}

/* Folders that were made for it go again while they are empty. */
static void
remove_parents (const Placement *placement)
{
    g_autofree char *parent = NULL, *name = NULL;

    if (placement->made_from == NULL)
        return;
    split (placement->path, &parent, &name);
    while (g_str_has_prefix (parent, placement->made_from) && rmdir (parent) == 0) {
        g_autofree char *up = g_path_get_dirname (parent);

        g_free (parent);
        parent = g_steal_pointer (&up);
    }
}

void
place_free (Placement *placement)
{
    if (placement == NULL)
        return;
    if (placement->made && !placement->switched && !placement->done) {
        if (!place_remove_tree (placement->dirfd, placement->temporary, NULL))
            g_debug ("'%s' stays beside '%s'", placement->temporary, placement->path);
        remove_parents (placement);
    }
    file_clear_fd (&placement->dirfd);
    g_free (placement->path);
    g_free (placement->name);
    g_free (placement->temporary);
    g_free (placement->made_from);
    g_free (placement);
}

static int
create (int dirfd, const char *name, mode_t mode, uid_t uid, gid_t gid, const char *path,
        GError **error)
{
    int fd = openat (dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    /* The owner first: chown clears set-id bits, and the mode opens the file to others. */
    if (fd >= 0 && fchown (fd, uid, gid) == 0 && fchmod (fd, mode) == 0)
        return fd;
    fail_errno (error, ERR_FAILED, errno, "cannot create a file beside '%s'", path);
    file_clear_fd (&fd);
    return -1;
}

gboolean
place_write_file (Placement *placement, GBytes *bytes, mode_t mode, uid_t uid, gid_t gid,
                  GError **error)
{
    gsize length;
    gconstpointer data = g_bytes_get_data (bytes, &length);
    autofd int fd =
        create (placement->dirfd, placement->temporary, mode, uid, gid, placement->path, error);

    if (fd < 0 || !file_write_all (fd, placement->path, data, length, error))
        return FALSE;
    if (fsync (fd) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot sync '%s'", placement->path);
    return TRUE;
}

static gboolean
copy_bytes (int from, int to, const char *path, GError **error)
{
    g_autofree guint8 *buffer = g_malloc (65536);
    ssize_t n;

    while ((n = read (from, buffer, 65536)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno (error, ERR_FAILED, errno, "cannot read what goes to '%s'", path);
        if (!file_write_all (to, path, buffer, (gsize)n, error))
            return FALSE;
    }
    if (fsync (to) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot sync '%s'", path);
    return TRUE;
}

/* A copy in progress: where to, and the path for messages. */
typedef struct {
    int to;
    const char *path;
} Copy;

static gboolean
copy_file (int dirfd, const char *name, const char *path, const struct stat *st, gpointer data,
           GError **error)
{
    const Copy *copy = data;
    mode_t mode = (st->st_mode & 0111) ? 0755 : 0644;
    autofd int from = openat (dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    autofd int to = -1;

    if (from < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot open '%s'", path);
    to = create (copy->to, path, mode, 0, 0, copy->path, error);
    return to >= 0 && copy_bytes (from, to, copy->path, error);
}

static gboolean
copy_enter (const char *path, gpointer data, GError **error)
{
    const Copy *copy = data;

    if (mkdirat (copy->to, path, 0755) < 0 || fchmodat (copy->to, path, 0755, 0) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot make a folder below '%s'", copy->path);
    return TRUE;
}

static gboolean
copy_folder (Placement *placement, int from, GError **error)
{
    static const PlaceWalk calls = { .enter = copy_enter, .file = copy_file };
    autofd int to = -1;
    Copy copy = { -1, placement->path };

    if (mkdirat (placement->dirfd, placement->temporary, 0755) == 0)
        to = openat (placement->dirfd, placement->temporary, FOLDER_FLAGS);
    if (to < 0 || fchmod (to, 0755) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot make a folder beside '%s'",
                           placement->path);
    copy.to = to;
    return place_walk (from, &calls, &copy, error);
}

gboolean
place_copy (Placement *placement, int dirfd, const char *from, gboolean folder, GError **error)
{
    g_autofree char *bare = g_strdup (from);
    autofd int source = -1, to = -1;
    struct stat st;

    while (g_str_has_suffix (bare, "/"))
        bare[strlen (bare) - 1] = '\0';
    source = file_open_below (dirfd, bare, O_RDONLY | (folder ? O_DIRECTORY : 0), error);
    if (source < 0)
        return FALSE;
    if (folder)
        return copy_folder (placement, source, error);
    if (fstat (source, &st) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot look at '%s'", from);
    to = create (placement->dirfd, placement->temporary, (st.st_mode & 0111) ? 0755 : 0644, 0, 0,
                 placement->path, error);
    return to >= 0 && copy_bytes (source, to, placement->path, error);
}

/* Exchanging keeps the old one whole, with owner, mode and labels, under the temporary name. */
gboolean
place_switch (Placement *placement, GError **error)
{
    guint how = placement->existed ? RENAME_EXCHANGE : RENAME_NOREPLACE;

    if (renameat2 (placement->dirfd, placement->temporary, placement->dirfd, placement->name, how) <
        0)
        return fail_errno (error, ERR_FAILED, errno, "cannot put '%s' in place", placement->path);
    placement->switched = TRUE;
    return file_fsync_dir (placement->dirfd, placement->path, error);
}

gboolean
place_undo (Placement *placement, GError **error)
{
    guint how = placement->existed ? RENAME_EXCHANGE : RENAME_NOREPLACE;

    if (!placement->switched)
        return TRUE;
    if (renameat2 (placement->dirfd, placement->name, placement->dirfd, placement->temporary, how) <
        0)
        return fail_errno (error, ERR_FAILED, errno, "cannot put '%s' back as it was",
                           placement->path);
    placement->switched = FALSE;
    return file_fsync_dir (placement->dirfd, placement->path, error);
}

gboolean
place_commit (Placement *placement, const char *keep_as, GError **error)
{
    placement->done = TRUE;
    if (!placement->existed || !placement->switched)
        return TRUE;
    if (keep_as == NULL)
        return place_remove_tree (placement->dirfd, placement->temporary, error);
    if (renameat (placement->dirfd, placement->temporary, placement->dirfd, keep_as) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot keep the old '%s' as '%s'",
                           placement->path, keep_as);
    return TRUE;
}
