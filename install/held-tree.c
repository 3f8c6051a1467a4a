/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/held-tree.h"

#include "bundle/tree.h"
#include "install/place-tree.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define PIECE (64 * 1024)

int
held_tree_open (const Host *host, const char *product, guint64 release, char **path)
{
    g_autofree char *folder = g_strdup_printf ("r%" G_GUINT64_FORMAT, release);

    *path = g_build_filename (host->state_path, product, folder, "tree", NULL);
    return file_open_dir_given (*path, NULL);
}

static gboolean
add_bytes (TreeChecksum *sum, int fd, const char *path, GError **error)
{
    g_autofree guint8 *piece = g_malloc (PIECE);
    ssize_t n;

    while ((n = read (fd, piece, PIECE)) != 0) {
        if (n < 0 && errno != EINTR)
            return fail_errno (error, ERR_FAILED, errno, "cannot read '%s'", path);
        if (n > 0)
            tree_checksum_add (sum, piece, (gsize)n);
    }
    return TRUE;
}

static gboolean
add_file (int dirfd, const char *name, const char *path, const struct stat *st, gpointer data,
          GError **error)
{
    autofd int fd = openat (dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0 || !S_ISREG (st->st_mode))
        return fail (error, ERR_FAILED, "'%s' is no plain file", path);
    return tree_checksum_begin (data, path, (st->st_mode & 0111) != 0, (guint64)st->st_size,
                                error) &&
           add_bytes (data, fd, path, error) && tree_checksum_end (data, error);
}

gboolean
held_tree_hash (int dirfd, Digest *commit, GError **error)
{
    static const PlaceWalk calls = { .file = add_file };
    g_autoptr (TreeChecksum) sum = tree_checksum_new ();

    if (!place_walk (dirfd, &calls, sum, error))
        return FALSE;
    tree_checksum_commit (sum, commit);
    return TRUE;
}

gboolean
held_tree_commit (const Host *host, const char *product, guint64 release, Digest *commit)
{
    g_autofree char *path = NULL;
    autofd int fd = held_tree_open (host, product, release, &path);

    return fd >= 0 && held_tree_hash (fd, commit, NULL);
}
