/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/file.h"

#include "manifest/error.h"
#include "manifest/kernel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void
file_clear_fd (int *fd)
{
    if (*fd >= 0)
        close (*fd);
    *fd = -1;
}

int
file_steal_fd (int *fd)
{
    int value = *fd;

    *fd = -1;
    return value;
}

static void
fail_open (const char *path, int number, GError **error)
{
    if (number == ELOOP)
        fail (error, ERR_FAILED, "cannot open '%s': symbolic links are not followed here", path);
    else
        fail_errno (error, ERR_FAILED, number, "cannot open '%s'", path);
}

/* O_NONBLOCK keeps a FIFO from blocking the open before fstat can refuse it. */
static int
open_regular (int dirfd, const char *path, int extra, GError **error)
{
    struct stat st;
    autofd int fd = openat (dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | extra);

    if (fd < 0) {
        fail_open (path, errno, error);
        return -1;
    }
    if (fstat (fd, &st) < 0 || !S_ISREG (st.st_mode)) {
        fail (error, ERR_FORMAT, "'%s' is not a regular file", path);
        return -1;
    }
    return file_steal_fd (&fd);
}

int
file_open_given (const char *path, GError **error)
{
    return open_regular (AT_FDCWD, path, 0, error);
}

int
file_open_dir_given (const char *path, GError **error)
{
    int fd = openat (AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        fail_errno (error, ERR_FAILED, errno, "cannot open directory '%s'", path);
    return fd;
}

int
file_open_below (int dirfd, const char *path, int flags, GError **error)
{
    int fd = kernel_open_below (dirfd, path, flags);

    if (fd < 0) {
        g_autofree char *shown = error_quote (path);
        fail_open (shown, errno, error);
    }
    return fd;
}

GBytes *
file_read_fd (int fd, const char *name, gsize limit, GError **error)
{
    g_autoptr (GByteArray) all = g_byte_array_new ();
    guint8 buffer[16384];

    for (;;) {
        ssize_t n = read (fd, buffer, sizeof buffer);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            fail_errno (error, ERR_FAILED, errno, "cannot read '%s'", name);
            return NULL;
        }
        if (n == 0)
            return g_byte_array_free_to_bytes (g_steal_pointer (&all));
        if (all->len + (gsize)n > limit)
            return fail_null (error, ERR_FORMAT, "'%s' is longer than %" G_GSIZE_FORMAT " bytes",
                              name, limit);
        g_byte_array_append (all, buffer, (guint)n);
    }
}

GBytes *
file_read_given (const char *path, gsize limit, GError **error)
{
    autofd int fd = file_open_given (path, error);

    if (fd < 0)
        return NULL;
    return file_read_fd (fd, path, limit, error);
}

GBytes *
file_read_below (int dirfd, const char *path, gsize limit, GError **error)
{
    struct stat st;
    autofd int fd = file_open_below (dirfd, path, O_RDONLY | O_NONBLOCK, error);

    if (fd < 0)
        return NULL;
    if (fstat (fd, &st) < 0 || !S_ISREG (st.st_mode))
        return fail_null (error, ERR_FORMAT, "'%s' is not a regular file", path);
    return file_read_fd (fd, path, limit, error);
}

gboolean
file_pread_all (int fd, const char *name, void *buffer, gsize length, guint64 offset,
                GError **error)
{
    guint8 *to = buffer;

    while (length > 0) {
        ssize_t n = pread (fd, to, length, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno (error, ERR_FAILED, errno, "cannot read '%s' at %" G_GUINT64_FORMAT,
                               name, offset);
        if (n == 0)
            return fail (error, ERR_FORMAT,
                         "'%s' ends at %" G_GUINT64_FORMAT ", %" G_GSIZE_FORMAT
                         " bytes before it should",
                         name, offset, length);
        to += n;
        offset += (guint64)n;
        length -= (gsize)n;
    }
    return TRUE;
}

gboolean
file_write_all (int fd, const char *name, const void *data, gsize length, GError **error)
{
    const guint8 *from = data;

    while (length > 0) {
        ssize_t n = write (fd, from, length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno (error, ERR_FAILED, errno, "cannot write '%s'", name);
        from += n;
        length -= (gsize)n;
    }
    return TRUE;
}

gboolean
file_pwrite_all (int fd, const char *name, const void *data, gsize length, guint64 offset,
                 GError **error)
{
    const guint8 *from = data;

    while (length > 0) {
        ssize_t n = pwrite (fd, from, length, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno (error, ERR_FAILED, errno, "cannot write '%s'", name);
        from += n;
        offset += (guint64)n;
        length -= (gsize)n;
    }
    return TRUE;
}

gboolean
file_fsync_dir (int dirfd, const char *name, GError **error)
{
    if (fsync (dirfd) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot sync the directory of '%s'", name);
    return TRUE;
}

static gboolean
write_synced (int fd, const char *name, GBytes *bytes, mode_t mode, GError **error)
{
    gsize length;
    gconstpointer data = g_bytes_get_data (bytes, &length);

    if (!file_write_all (fd, name, data, length, error))
        return FALSE;
    if (fchmod (fd, mode) < 0 || fsync (fd) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot sync '%s'", name);
    return TRUE;
}

static gboolean
place (int dirfd, const char *name, GBytes *bytes, mode_t mode, gboolean overwrite, GError **error)
{
    g_autofree char *temporary = g_strdup_printf (".%s.%08x.tmp", name, g_random_int ());
    autofd int fd =
        openat (dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot create '%s'", name);
    if (!write_synced (fd, name, bytes, mode, error)) {
        unlinkat (dirfd, temporary, 0);
        return FALSE;
    }
    if (renameat2 (dirfd, temporary, dirfd, name, overwrite ? 0 : RENAME_NOREPLACE) < 0) {
        fail_errno (error, ERR_FAILED, errno, "cannot create '%s'", name);
        unlinkat (dirfd, temporary, 0);
        return FALSE;
    }
    return file_fsync_dir (dirfd, name, error);
}

gboolean
file_replace (int dirfd, const char *name, GBytes *bytes, mode_t mode, GError **error)
{
    return place (dirfd, name, bytes, mode, TRUE, error);
}

gboolean
file_create (int dirfd, const char *name, GBytes *bytes, mode_t mode, GError **error)
{
    return place (dirfd, name, bytes, mode, FALSE, error);
}

/* For file systems without unnamed files (overlayfs before Linux 6.3, so most containers; FUSE):
 * made with a name that is gone at once. */
static int
open_then_unlink (const char *where)
{
    g_autofree char *name = g_build_filename (where, "handcarry-XXXXXX", NULL);
    int fd = g_mkstemp_full (name, O_RDWR | O_CLOEXEC, 0600);

    if (fd >= 0)
        unlink (name);
    return fd;
}

const char *
file_temporary_folder (const char *dir)
{
    const char *where = dir != NULL ? dir : g_getenv ("TMPDIR");

    return where != NULL && *where != '\0' ? where : "/var/tmp";
}

int
file_temporary (const char *dir, GError **error)
{
    const char *where = file_temporary_folder (dir);
    int fd = openat (AT_FDCWD, where, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
        fd = open_then_unlink (where);
    if (fd < 0)
        fail_errno (error, ERR_FAILED, errno, "cannot make a temporary file in '%s'", where);
    return fd;
}

int
file_open_parent (const char *path, char **name, GError **error)
{
    g_autofree char *dir = g_path_get_dirname (path);
    g_autofree char *base = g_path_get_basename (path);
    int fd;

    if (strcmp (base, "/") == 0 || strcmp (base, ".") == 0 || strcmp (base, "..") == 0) {
        fail (error, ERR_USAGE, "'%s' does not name a file", path);
        return -1;
    }
    fd = file_open_dir_given (dir, error);
    if (fd >= 0)
        *name = g_steal_pointer (&base);
    return fd;
}

static int
by_name (gconstpointer a, gconstpointer b)
{
    return strcmp (*(char *const *)a, *(char *const *)b);
}

int
file_make_below (int dirfd, const char *where, const char *name, mode_t mode, GError **error)
{
    if (mkdirat (dirfd, name, mode) < 0 && errno != EEXIST) {
        fail_errno (error, ERR_FAILED, errno, "cannot make the folder '%s%s%s'",
                    where != NULL ? where : "", where != NULL ? "/" : "", name);
        return -1;
    }
    return file_open_below (dirfd, name, O_RDONLY | O_DIRECTORY, error);
}

int
file_make_dir_given (const char *path, mode_t mode, GError **error)
{
    if (mkdirat (AT_FDCWD, path, mode) < 0 && errno != EEXIST) {
        fail_errno (error, ERR_FAILED, errno, "cannot make the folder '%s'", path);
        return -1;
    }
    return file_open_dir_given (path, error);
}

GPtrArray *
file_list (int dirfd, const char *shown, GError **error)
{
    g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
    int fd = openat (dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir (fd) : NULL;
    const struct dirent *entry;

    if (dir == NULL) {
        fail_errno (error, ERR_FAILED, errno, "cannot list '%s'", shown);
        file_clear_fd (&fd);
        return NULL;
    }
    while ((entry = readdir (dir)) != NULL)
        if (strcmp (entry->d_name, ".") != 0 && strcmp (entry->d_name, "..") != 0)
            g_ptr_array_add (names, g_strdup (entry->d_name));
    closedir (dir);
    g_ptr_array_sort (names, by_name);
    return g_steal_pointer (&names);
}
