/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/extract.h"
#include "bundle/tree.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    int dirfd;
    int file; /* the one that is being written, or -1 */
    TreeChecksum *sum;
    Progress *progress;
} TreeWrite;

/* Opens the folder that path lies in and makes what is missing. Each step is opened without
 * following links, from the descriptor of the step before. */
static int
open_folder (int dirfd, char **components, GError **error)
{
    autofd int at = openat (dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    for (gsize i = 0; at >= 0 && components[i + 1] != NULL; i++) {
        gboolean made = mkdirat (at, components[i], 0755) == 0;
        int next = openat (at, components[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        if (made && next >= 0 && fchmod (next, 0755) < 0)
            file_clear_fd (&next);
        file_clear_fd (&at);
        at = next;
    }
    if (at < 0)
        fail_errno (error, ERR_FAILED, errno, "cannot make the folder it lies in");
    return file_steal_fd (&at);
}

int
extract_create_file (int dirfd, const char *path, gboolean executable, GError **error)
{
    g_auto (GStrv) components = g_strsplit (path, "/", -1);
    autofd int folder = open_folder (dirfd, components, error);
    autofd int fd = -1;
    const char *name = components[g_strv_length (components) - 1];

    if (folder < 0)
        return -1;
    fd = openat (folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || fchmod (fd, executable ? 0755 : 0644) < 0) {
        fail_errno (error, ERR_FAILED, errno, "cannot create it");
        return -1;
    }
    return file_steal_fd (&fd);
}

static gboolean
begin_file (TreeWrite *write, const char *path, gboolean executable, guint64 size, GError **error)
{
    if (!path_check_relative (path, error) ||
        !tree_checksum_begin (write->sum, path, executable, size, error))
        return FALSE;
    write->file = extract_create_file (write->dirfd, path, executable, error);
    return write->file >= 0;
}

static gboolean
take_piece (TreeWrite *write, const char *path, gboolean executable, guint64 size,
            const guint8 *piece, gsize length, gboolean last, GError **error)
{
    if (write->file < 0 && !begin_file (write, path, executable, size, error))
        return FALSE;
    tree_checksum_add (write->sum, piece, length);
    progress_add (write->progress, length);
    if (!file_write_all (write->file, path, piece, length, error))
        return FALSE;
    if (!last)
        return TRUE;
    file_clear_fd (&write->file);
    return tree_checksum_end (write->sum, error);
}

static gboolean
write_piece (const char *path, gboolean executable, guint64 size, const guint8 *piece, gsize length,
             gboolean last, gpointer data, GError **error)
{
    g_autofree char *shown = NULL;

    if (take_piece (data, path, executable, size, piece, length, last, error))
        return TRUE;
    shown = error_quote (path);
    return fail_prefix (error, "tree file '%s'", shown);
}

static gboolean
check_commit (const Statement *statement, TreeChecksum *sum, GError **error)
{
    g_autofree char *found = NULL, *expected = digest_to_hex (&statement->tree_commit);
    Digest commit;

    tree_checksum_commit (sum, &commit);
    if (digest_equal (&commit, &statement->tree_commit))
        return TRUE;
    found = digest_to_hex (&commit);
    return fail (error, ERR_FORMAT, "the tree's commit is %s, the statement says %s", found,
                 expected);
}

gboolean
extract_tree (Bundle *bundle, GPtrArray *bases, int dirfd, Progress *progress, GError **error)
{
    g_autoptr (BundleBases) reader = bundle_bases_new (bases, bundle_packing (bundle));
    g_autoptr (TreeChecksum) sum = tree_checksum_new ();
    TreeWrite write = { .dirfd = dirfd, .file = -1, .sum = sum, .progress = progress };
    gboolean ok;

    progress_begin (progress, "writing the tree", bundle_statement (bundle)->tree_bytes);
    bundle_bases_lend (reader, bundle);
    ok = bundle_read_tree (bundle, write_piece, &write, error);
    bundle_bases_lend (NULL, bundle);
    progress_end (progress);
    file_clear_fd (&write.file);
    return ok && check_commit (bundle_statement (bundle), sum, error);
}
