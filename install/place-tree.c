/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/place-tree.h"

#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 128

static gboolean walk (int dirfd, const char *prefix, guint depth, const PlaceWalk *calls,
                      gpointer data, GError **error);

static gboolean
walk_folder (int dirfd, const char *name, const char *path, guint depth, const PlaceWalk *calls,
             gpointer data, GError **error)
{
    autofd int below = openat (dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (below < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot open '%s'", path);
    if (calls->enter != NULL && !calls->enter (path, data, error))
        return FALSE;
    if (!walk (below, path, depth + 1, calls, data, error))
        return FALSE;
    return calls->leave == NULL || calls->leave (dirfd, name, path, data, error);
}

static gboolean
walk (int dirfd, const char *prefix, guint depth, const PlaceWalk *calls, gpointer data,
      GError **error)
{
    g_autoptr (GPtrArray) names = file_list (dirfd, prefix, error);

    if (names == NULL)
        return FALSE;
    if (depth > DEPTH_MAX)
        return fail (error, ERR_FAILED, "'%s' is nested deeper than %d folders", prefix, DEPTH_MAX);
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index (names, i);
        g_autofree char *path = *prefix ? g_build_filename (prefix, name, NULL) : g_strdup (name);
        struct stat st;

        if (fstatat (dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            return fail_errno (error, ERR_FAILED, errno, "cannot look at '%s'", path);
        if (S_ISDIR (st.st_mode) ? !walk_folder (dirfd, name, path, depth, calls, data, error)
                                 : !calls->file (dirfd, name, path, &st, data, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
place_walk (int dirfd, const PlaceWalk *calls, gpointer data, GError **error)
{
    return walk (dirfd, "", 0, calls, data, error);
}

gboolean
place_hash_fd (int fd, const char *shown, Digest *digest, GError **error)
{
    g_autoptr (DigestStream) stream = digest_stream_new ();
    g_autofree guint8 *buffer = g_malloc (65536);
    ssize_t n;

    while ((n = read (fd, buffer, 65536)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno (error, ERR_FAILED, errno, "cannot read '%s'", shown);
        digest_stream_add (stream, buffer, (gsize)n);
    }
    digest_stream_finish (stream, digest);
    return TRUE;
}

gboolean
place_hash_add (PlaceHash *hash, int fd, const struct stat *st, const char *path, GError **error)
{
    Digest digest;

    if (!place_hash_fd (fd, path, &digest, error))
        return FALSE;
    place_listing_add (hash->listing, path, (st->st_mode & 0111) != 0, &digest);
    hash->bytes += (guint64)st->st_size;
    return TRUE;
}

gboolean
place_hash_walk (int dirfd, const PlaceWalk *calls, Digest *digest, guint64 *bytes, GError **error)
{
    PlaceHash hash = { place_listing_new (), 0 };
    gboolean done = place_walk (dirfd, calls, &hash, error);

    place_listing_finish (hash.listing, digest);
    *bytes = hash.bytes;
    return done;
}

static gboolean
hash_file (int dirfd, const char *name, const char *path, const struct stat *st, gpointer data,
           GError **error)
{
    PlaceHash *hash = data;
    autofd int fd = -1;

    if (!S_ISREG (st->st_mode)) {
        Digest other = digest_of (path, strlen (path));

        /* A symlink or a device makes the folder differ from any that is carried. */
        place_listing_add (hash->listing, path, TRUE, &other);
        return TRUE;
    }
    fd = openat (dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot open '%s'", path);
    return place_hash_add (hash, fd, st, path, error);
}

gboolean
place_hash_folder (int dirfd, Digest *digest, guint64 *bytes, GError **error)
{
    static const PlaceWalk calls = { .file = hash_file };

    return place_hash_walk (dirfd, &calls, digest, bytes, error);
}

static gboolean
remove_file (int dirfd, const char *name, const char *path, const struct stat *st, gpointer data,
             GError **error)
{
    if (unlinkat (dirfd, name, 0) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot remove '%s'", path);
    return TRUE;
}

static gboolean
remove_folder (int dirfd, const char *name, const char *path, gpointer data, GError **error)
{
    if (unlinkat (dirfd, name, AT_REMOVEDIR) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot remove '%s'", path);
    return TRUE;
}

gboolean
place_remove_tree (int dirfd, const char *name, GError **error)
{
    static const PlaceWalk calls = { .file = remove_file, .leave = remove_folder };
    autofd int fd = openat (dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0 && errno == ENOENT)
        return TRUE;
    if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
        return remove_file (dirfd, name, name, NULL, NULL, error);
    if (fd < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot open '%s'", name);
    return place_walk (fd, &calls, NULL, error) && remove_folder (dirfd, name, name, NULL, error);
}

static int
by_text (gconstpointer a, gconstpointer b)
{
    return strcmp (*(char *const *)a, *(char *const *)b);
}

/* The listing: lines are sorted, so the order of adding does not count. */
struct PlaceListing {
    GPtrArray *lines;
};

PlaceListing *
place_listing_new (void)
{
    PlaceListing *listing = g_new0 (PlaceListing, 1);

    listing->lines = g_ptr_array_new_with_free_func (g_free);
    return listing;
}

void
place_listing_add (PlaceListing *listing, const char *path, gboolean executable,
                   const Digest *content)
{
    g_autofree char *hex = digest_to_hex (content);

    g_ptr_array_add (listing->lines,
                     g_strdup_printf ("%s\n%c %s\n", path, executable ? 'x' : '-', hex));
}

void
place_listing_finish (PlaceListing *listing, Digest *digest)
{
    g_autoptr (DigestStream) stream = digest_stream_new ();

    g_ptr_array_sort (listing->lines, by_text);
    for (guint i = 0; i < listing->lines->len; i++) {
        const char *line = g_ptr_array_index (listing->lines, i);

        digest_stream_add (stream, line, strlen (line));
    }
    digest_stream_finish (stream, digest);
    g_ptr_array_unref (listing->lines);
    g_free (listing);
}
