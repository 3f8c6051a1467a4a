/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/cache.h"

#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/size.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define PIECE_BYTES (1024 * 1024)
#define POLL_MICROSECONDS (50 * 1000)

struct Cache {
    char *path;
    int dirfd; /* of blobs/sha256; -1: there is none, and nothing is to be made */
};

Cache *
cache_open (const char *dir, gboolean offline, GError **error)
{
    g_autoptr (Cache) cache = g_new0 (Cache, 1);
    g_autofree char *blobs = NULL;

    cache->dirfd = -1;
    cache->path = dir != NULL ? g_strdup (dir)
                              : g_build_filename (g_get_user_cache_dir (), "handcarry", NULL);
    blobs = g_build_filename (cache->path, "blobs", "sha256", NULL);
    if (offline && !g_file_test (blobs, G_FILE_TEST_IS_DIR))
        return g_steal_pointer (&cache);
    if (!offline && g_mkdir_with_parents (blobs, 0755) < 0) {
        fail_errno (error, ERR_FAILED, errno,
                    "cannot make the cache '%s' (another one: --cache DIR)", blobs);
        return NULL;
    }
    cache->dirfd = file_open_dir_given (blobs, error);
    return cache->dirfd < 0 ? NULL : g_steal_pointer (&cache);
}

const char *
cache_path (const Cache *cache)
{
    return cache->path;
}

void
cache_free (Cache *cache)
{
    if (cache == NULL)
        return;
    file_clear_fd (&cache->dirfd);
    g_free (cache->path);
    g_free (cache);
}

static guint64
length_of (const Cache *cache, const char *name)
{
    struct stat st;

    return cache->dirfd >= 0 && fstatat (cache->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
                   S_ISREG (st.st_mode)
               ? (guint64)st.st_size
               : 0;
}

guint64
cache_missing (const Cache *cache, const Digest *digest, guint64 bytes)
{
    g_autofree char *hex = digest_to_hex (digest);
    g_autofree char *part = g_strconcat (hex, ".part", NULL);

    return length_of (cache, hex) == bytes ? 0 : bytes - MIN (bytes, length_of (cache, part));
}

gboolean
cache_check_space (const Cache *cache, guint64 bytes, GError **error)
{
    g_autofree char *needs = size_to_text (bytes), *has = NULL;
    struct statvfs disk;
    guint64 room;

    if (cache->dirfd < 0 || fstatvfs (cache->dirfd, &disk) < 0)
        return TRUE;
    room = (guint64)disk.f_bavail * disk.f_frsize;
    has = size_to_text (room);
    return bytes <= room ||
           fail (error, ERR_SPACE,
                 "%s are to be pulled, and the disk of the cache '%s' has %s free (removing the "
                 "cache is safe; another one: --cache DIR)",
                 needs, cache->path, has);
}

/* Sets *right to whether the file has the bytes that the blob is named by. */
static gboolean
prove (int fd, const CacheBlob *blob, const char *hex, gboolean *right, GError **error)
{
    g_autoptr (DigestStream) stream = digest_stream_new ();
    g_autofree guint8 *piece = g_malloc (PIECE_BYTES);
    struct stat st;
    guint64 at = 0, bytes;
    Digest found;

    *right = FALSE;
    if (fstat (fd, &st) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot look at blob '%s'", hex);
    bytes = (guint64)st.st_size;
    if (!S_ISREG (st.st_mode) || (blob->bytes != CACHE_ANY_SIZE && blob->bytes != bytes))
        return TRUE;
    for (; at < bytes; at += MIN (PIECE_BYTES, bytes - at)) {
        gsize length = MIN (PIECE_BYTES, bytes - at);

        if (!file_pread_all (fd, hex, piece, length, at, error))
            return FALSE;
        digest_stream_add (stream, piece, length);
    }
    digest_stream_finish (stream, &found);
    *right = digest_equal (&found, &blob->digest);
    return TRUE;
}

typedef enum { FIND_NONE, FIND_ROTTEN, FIND_GOOD } Find;

static Find
find_whole (const Cache *cache, const CacheBlob *blob, const char *hex, int *found)
{
    gboolean right;
    autofd int fd = cache->dirfd < 0 ? -1
                                     : openat (cache->dirfd, hex,
                                               O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0 && (cache->dirfd < 0 || errno == ENOENT))
        return FIND_NONE;
    /* A disk that can not read it, or a link in its place, is as good as other bytes. */
    if (fd < 0 || !prove (fd, blob, hex, &right, NULL) || !right)
        return FIND_ROTTEN;
    /* For those who remove what was not used for a month; a read-only cache works, too. */
    (void)futimens (fd, NULL);
    *found = file_steal_fd (&fd);
    return FIND_GOOD;
}

/* Never blocks in the kernel, so that a failure elsewhere ends the waiting. */
static gboolean
wait_lock (int fd, GCancellable *cancellable, const char *name, GError **error)
{
    while (flock (fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EINTR)
            continue;
        if (errno != EWOULDBLOCK)
            return fail_errno (error, ERR_FAILED, errno, "cannot lock '%s'", name);
        if (g_cancellable_set_error_if_cancelled (cancellable, error))
            return FALSE;
        g_usleep (POLL_MICROSECONDS);
    }
    return TRUE;
}

/* Whether the name still means this file: the run before us may have renamed or removed it. */
static gboolean
is_named (int dirfd, const char *name, int fd)
{
    struct stat named, opened;

    return fstatat (dirfd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && fstat (fd, &opened) == 0 &&
           named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

/* Whether somebody removed the folder since it was opened. */
static gboolean
is_removed (const Cache *cache)
{
    struct stat st;

    return fstat (cache->dirfd, &st) == 0 && st.st_nlink == 0;
}

/* The partial file, locked; the lock goes with the descriptor, also when the process is killed. */
static int
open_part (const Cache *cache, const char *part, GCancellable *cancellable, GError **error)
{
    for (;;) {
        struct stat st;
        autofd int fd =
            openat (cache->dirfd, part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

        if (fd < 0 && is_removed (cache))
            return file_temporary (NULL, error);
        if (fd < 0) {
            fail_errno (error, ERR_FAILED, errno,
                        "cannot write '%s' in the cache '%s' (another one: --cache DIR)", part,
                        cache->path);
            return -1;
        }
        if (fstat (fd, &st) < 0 || !S_ISREG (st.st_mode)) {
            fail (error, ERR_FAILED, "'%s' in the cache '%s' is not a regular file", part,
                  cache->path);
            return -1;
        }
        /* What is written here would appear under the other name, too. */
        if (st.st_nlink > 1) {
            fail (error, ERR_FAILED, "'%s' in the cache '%s' has a second name; remove it", part,
                  cache->path);
            return -1;
        }
        if (!wait_lock (fd, cancellable, part, error))
            return -1;
        if (is_named (cache->dirfd, part, fd))
            return file_steal_fd (&fd);
    }
}

static gboolean
fetch_part (const Cache *cache, const CacheBlob *blob, const char *hex, const char *part, int fd,
            GError **error)
{
    gboolean right;

    if (!blob->fetch (blob->user, fd, error) || !prove (fd, blob, hex, &right, error))
        return g_error_matches (*error, HANDCARRY_ERROR, ERR_SPACE)
                   ? fail_prefix (error,
                                  "the cache '%s' is full (removing it is safe; another one: "
                                  "--cache DIR)",
                                  cache->path)
                   : FALSE;
    if (!right) {
        (void)!ftruncate (fd, 0);
        return fail (error, ERR_FORMAT,
                     "the bytes of blob sha256:%s are not the ones it is "
                     "named by",
                     hex);
    }
    /* No fsync: what a power cut leaves is proven before it is used. Where somebody removed the
     * part meanwhile, the bytes are here all the same, and the name may be another run's. */
    if (is_named (cache->dirfd, part, fd) && renameat (cache->dirfd, part, cache->dirfd, hex) < 0 &&
        errno != ENOENT)
        return fail_errno (error, ERR_FAILED, errno, "cannot rename '%s' in the cache '%s'", part,
                           cache->path);
    return TRUE;
}

static int
fetch (const Cache *cache, const CacheBlob *blob, const char *hex, CacheOutcome *outcome,
       GError **error)
{
    g_autofree char *part = g_strconcat (hex, ".part", NULL);
    autofd int fd = open_part (cache, part, blob->cancellable, error);
    int found = -1;
    Find find;

    if (fd < 0)
        return -1;
    /* Another run may have brought it while we waited. */
    find = find_whole (cache, blob, hex, &found);
    *outcome = find == FIND_GOOD ? CACHE_HAD : find == FIND_ROTTEN ? CACHE_REPLACED : CACHE_FETCHED;
    if (find == FIND_GOOD) {
        unlinkat (cache->dirfd, part, 0);
        return found;
    }
    if (!fetch_part (cache, blob, hex, part, fd, error))
        return -1;
    flock (fd, LOCK_UN);
    return file_steal_fd (&fd);
}

int
cache_get (const Cache *cache, const CacheBlob *blob, CacheOutcome *outcome, GError **error)
{
    g_autofree char *hex = digest_to_hex (&blob->digest);
    int fd = -1;
    Find find = find_whole (cache, blob, hex, &fd);

    *outcome = CACHE_HAD;
    if (find == FIND_GOOD)
        return fd;
    if (blob->fetch != NULL)
        return fetch (cache, blob, hex, outcome, error);
    if (find == FIND_ROTTEN)
        fail (
            error, ERR_ENGINE,
            "sha256:%s in the cache '%s' is damaged, and --offline forbids to fetch it again; run "
            "'handcarry bundle' once without --offline",
            hex, cache->path);
    else
        fail (error, ERR_ENGINE,
              "sha256:%s is not in the cache '%s', and --offline forbids to fetch it; run "
              "'handcarry bundle' once without --offline",
              hex, cache->path);
    return -1;
}
