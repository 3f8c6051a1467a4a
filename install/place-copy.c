/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/place-copy.h"

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

#define BUFFER_BYTES 65536
#define XATTR_BYTES 65536 /* the kernel's own limit of a list, and of a value */

/* A copy of a folder in progress. */
typedef struct {
    int to; /* the new folder */
    gboolean exact;
    const char *shown;
} Copy;

int
place_create (int dirfd, const char *name, mode_t mode, uid_t uid, gid_t gid, const char *shown,
              GError **error)
{
    autofd int fd =
        openat (dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    /* The owner first: chown clears set-id bits, and the mode opens the file to others. */
    if (fd >= 0 && fchown (fd, uid, gid) == 0 && fchmod (fd, mode) == 0)
        return file_steal_fd (&fd);
    fail_errno (error, ERR_FAILED, errno, "cannot create a file beside '%s'", shown);
    return -1;
}

static gboolean
copy_bytes (int from, int to, const char *shown, GError **error)
{
    g_autofree guint8 *buffer = g_malloc (BUFFER_BYTES);
    ssize_t n;

    while ((n = read (from, buffer, BUFFER_BYTES)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno (error, ERR_FAILED, errno, "cannot read what goes to '%s'", shown);
        if (!file_write_all (to, shown, buffer, (gsize)n, error))
            return FALSE;
    }
    return TRUE;
}

/* Labels, ACLs and capabilities too: they are extended attributes. */
static gboolean
copy_attributes (int from, int to, const char *shown, GError **error)
{
    g_autofree char *names = g_malloc (XATTR_BYTES), *value = g_malloc (XATTR_BYTES);
    ssize_t length = flistxattr (from, names, XATTR_BYTES);

    if (length < 0 && errno != ENOTSUP)
        return fail_errno (error, ERR_FAILED, errno, "cannot list the attributes of '%s'", shown);
    for (const char *name = names; length > 0 && name < names + length; name += strlen (name) + 1) {
        ssize_t size = fgetxattr (from, name, value, XATTR_BYTES);

        if (size < 0 || fsetxattr (to, name, value, (size_t)size, 0) < 0)
            return fail_errno (error, ERR_FAILED, errno, "cannot copy the attribute '%s' of '%s'",
                               name, shown);
    }
    return TRUE;
}

/* The mode after the attributes: an ACL changes it; the times last. */
static gboolean
copy_looks (int from, int to, const char *shown, GError **error)
{
    struct stat st;

    if (fstat (from, &st) < 0 || fchown (to, st.st_uid, st.st_gid) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot give '%s' its owner", shown);
    if (!copy_attributes (from, to, shown, error))
        return FALSE;
    if (fchmod (to, st.st_mode & 07777) < 0 ||
        futimens (to, (struct timespec[]){ st.st_atim, st.st_mtim }) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot give '%s' its mode", shown);
    return TRUE;
}

static gboolean
copy_link (int from_dirfd, const char *from, int to_dirfd, const char *to, const struct stat *st,
           const char *shown, GError **error)
{
    char target[LIMIT_PATH_BYTES + 1];
    ssize_t length = readlinkat (from_dirfd, from, target, sizeof target);

    if (length < 0 || (gsize)length == sizeof target)
        return fail_errno (error, ERR_FAILED, length < 0 ? errno : ENAMETOOLONG,
                           "cannot read the symlink '%s'", shown);
    target[length] = '\0';
    if (symlinkat (target, to_dirfd, to) < 0 ||
        fchownat (to_dirfd, to, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot copy the symlink '%s'", shown);
    return TRUE;
}

/* Returns the new file, or -1. */
static int
copy_file (int in, int to_dirfd, const char *to, gboolean exact, const char *shown, GError **error)
{
    struct stat st;
    autofd int out = -1;

    if (fstat (in, &st) < 0 || !S_ISREG (st.st_mode)) {
        fail (error, ERR_FAILED, "'%s' is no plain file and cannot be copied; remove it", shown);
        return -1;
    }
    out = place_create (to_dirfd, to, (st.st_mode & 0111) ? 0755 : 0644, 0, 0, shown, error);
    if (out < 0 || !copy_bytes (in, out, shown, error) ||
        (exact && !copy_looks (in, out, shown, error)))
        return -1;
    return file_steal_fd (&out);
}

static gboolean
walk_file (int dirfd, const char *name, const char *path, const struct stat *st, gpointer data,
           GError **error)
{
    const Copy *copy = data;
    g_autofree char *shown = g_build_filename (copy->shown, path, NULL);
    autofd int in = -1, out = -1;

    if (copy->exact && S_ISLNK (st->st_mode))
        return copy_link (dirfd, name, copy->to, path, st, shown, error);
    in = openat (dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (in < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot open '%s'", shown);
    out = copy_file (in, copy->to, path, copy->exact, shown, error);
    return out >= 0;
}

static gboolean
walk_enter (const char *path, gpointer data, GError **error)
{
    const Copy *copy = data;

    if (mkdirat (copy->to, path, 0755) < 0 || fchmodat (copy->to, path, 0755, 0) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot make a folder below '%s'",
                           copy->shown);
    return TRUE;
}

/* Times of a folder hold only when nothing is made in it any more. */
static gboolean
walk_leave (int dirfd, const char *name, const char *path, gpointer data, GError **error)
{
    const Copy *copy = data;
    autofd int in = -1, out = -1;

    if (!copy->exact)
        return TRUE;
    in = openat (dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    out = openat (copy->to, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (in < 0 || out < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot open '%s'", path);
    return copy_looks (in, out, path, error);
}

static gboolean
copy_folder (int in, int to_dirfd, const char *to, gboolean exact, const char *shown,
             GError **error)
{
    static const PlaceWalk calls = { walk_enter, walk_file, walk_leave };
    autofd int out = -1;
    Copy copy = { -1, exact, shown };

    if (mkdirat (to_dirfd, to, 0755) == 0)
        out = openat (to_dirfd, to, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (out < 0 || fchmod (out, 0755) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot make a folder beside '%s'", shown);
    copy.to = out;
    if (!place_walk (in, &calls, &copy, error) || (exact && !copy_looks (in, out, shown, error)))
        return FALSE;
    /* One call instead of one for each file. */
    return syncfs (out) == 0 || fail_errno (error, ERR_FAILED, errno, "cannot sync '%s'", shown);
}

gboolean
place_copy (int from_dirfd, const char *from, int to_dirfd, const char *to, gboolean exact,
            const char *shown, GError **error)
{
    g_autofree char *bare = g_strdup (from);
    autofd int in = -1, out = -1;
    struct stat st;

    while (g_str_has_suffix (bare, "/"))
        bare[strlen (bare) - 1] = '\0';
    in = file_open_below (from_dirfd, bare, O_RDONLY | O_NONBLOCK, error);
    if (in < 0)
        return FALSE;
    if (fstat (in, &st) == 0 && S_ISDIR (st.st_mode))
        return copy_folder (in, to_dirfd, to, exact, shown, error);
    out = copy_file (in, to_dirfd, to, exact, shown, error);
    if (out < 0)
        return FALSE;
    return fsync (out) == 0 || fail_errno (error, ERR_FAILED, errno, "cannot sync '%s'", shown);
}
