/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/output.h"

#include "bundle/format.h"
#include "manifest/digest.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    int fd;
    char *name;    /* final */
    char *partial; /* NULL where the file is unnamed */
    gboolean named;
    guint64 bytes;
    Digest digest; /* once full */
} Part;

struct Output {
    int dirfd;
    char *base;
    guint64 split, bytes;
    GPtrArray *parts; /* Part */
    DigestStream *digest;
    GPtrArray *names;
    gboolean committed;
};

static void
part_free (gpointer data)
{
    Part *part = data;

    file_clear_fd (&part->fd);
    g_free (part->name);
    g_free (part->partial);
    g_free (part);
}

void
output_free (Output *output)
{
    if (output == NULL)
        return;
    for (guint i = 0; i < output->parts->len && !output->committed; i++) {
        Part *part = output->parts->pdata[i];

        if (part->partial != NULL)
            unlinkat (output->dirfd, part->partial, 0);
        if (part->named)
            unlinkat (output->dirfd, part->name, 0);
    }
    g_ptr_array_unref (output->parts);
    g_ptr_array_unref (output->names);
    digest_stream_free (output->digest);
    file_clear_fd (&output->dirfd);
    g_free (output->base);
    g_free (output);
}

static gboolean
refuse_existing (int dirfd, const char *name, GError **error)
{
    struct stat st;

    if (fstatat (dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return fail (
            error, ERR_FAILED,
            "'%s' exists already and is never overwritten: remove it, or name another with "
            "-o",
            name);
    return TRUE;
}

gboolean
output_check_new (const char *path, GError **error)
{
    g_autofree char *base = NULL;
    autofd int dirfd = file_open_parent (path, &base, error);

    return dirfd >= 0 && refuse_existing (dirfd, base, error);
}

static gboolean
open_part (Output *output, GError **error)
{
    Part *part = g_new0 (Part, 1);

    g_ptr_array_add (output->parts, part);
    part->name = output->split > 0 ? g_strdup_printf ("%s.%03u", output->base, output->parts->len)
                                   : g_strdup (output->base);
    part->fd = -1;
    if (output->parts->len > LIMIT_PARTS)
        return fail (error, ERR_USAGE, "a bundle has at most %d parts: choose a larger --split",
                     LIMIT_PARTS);
    if (!refuse_existing (output->dirfd, part->name, error))
        return FALSE;
    part->fd = openat (output->dirfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0644);
    if (part->fd < 0) {
        part->partial = g_strdup_printf ("%s.partial", part->name);
        part->fd = openat (output->dirfd, part->partial,
                           O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    }
    if (part->fd < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot create '%s'", part->name);
    g_ptr_array_add (output->names, g_strdup_printf ("/proc/self/fd/%d", part->fd));
    return TRUE;
}

Output *
output_new (const char *path, guint64 split, GError **error)
{
    g_autoptr (Output) output = g_new0 (Output, 1);

    output->parts = g_ptr_array_new_with_free_func (part_free);
    output->names = g_ptr_array_new_with_free_func (g_free);
    output->digest = digest_stream_new ();
    output->split = split;
    output->dirfd = file_open_parent (path, &output->base, error);
    if (output->dirfd < 0 || !refuse_existing (output->dirfd, output->base, error) ||
        !open_part (output, error))
        return NULL;
    return g_steal_pointer (&output);
}

static Part *
last_part (const Output *output)
{
    return output->parts->pdata[output->parts->len - 1];
}

static gboolean
write_to_part (Output *output, const guint8 *bytes, gsize length, GError **error)
{
    Part *part = last_part (output);

    if (!file_write_all (part->fd, part->name, bytes, length, error))
        return FALSE;
    digest_stream_add (output->digest, bytes, length);
    part->bytes += length;
    output->bytes += length;
    return TRUE;
}

static gboolean
next_part (Output *output, GError **error)
{
    digest_stream_finish (output->digest, &last_part (output)->digest);
    return open_part (output, error);
}

gboolean
output_keep_together (Output *output, guint64 length, GError **error)
{
    const Part *part = last_part (output);

    if (output->split == 0 || part->bytes == 0 || output->split - part->bytes >= length)
        return TRUE;
    return next_part (output, error);
}

gboolean
output_write (Output *output, GBytes *bytes, GError **error)
{
    gsize length;
    const guint8 *from = g_bytes_get_data (bytes, &length);

    while (length > 0) {
        Part *part = last_part (output);
        gsize n = length;

        if (output->split > 0)
            n = (gsize)MIN (n, output->split - part->bytes);
        if (n == 0) {
            if (!next_part (output, error))
                return FALSE;
            continue;
        }
        if (!write_to_part (output, from, n, error))
            return FALSE;
        from += n;
        length -= n;
    }
    return TRUE;
}

guint64
output_bytes (const Output *output)
{
    return output->bytes;
}

GPtrArray *
output_parts (const Output *output)
{
    return output->names;
}

static gboolean
name_part (Output *output, Part *part, GError **error)
{
    g_autofree char *self = g_strdup_printf ("/proc/self/fd/%d", part->fd);
    int result;

    if (fchmod (part->fd, 0644) < 0 && errno != EPERM)
        return fail_errno (error, ERR_FAILED, errno, "cannot set the mode of '%s'", part->name);
    if (fsync (part->fd) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot sync '%s'", part->name);
    if (part->partial != NULL)
        result =
            renameat2 (output->dirfd, part->partial, output->dirfd, part->name, RENAME_NOREPLACE);
    else
        result = linkat (AT_FDCWD, self, output->dirfd, part->name, AT_SYMLINK_FOLLOW);
    if (result < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot give '%s' its name", part->name);
    g_clear_pointer (&part->partial, g_free);
    part->named = TRUE;
    return TRUE;
}

static gboolean
write_sums (Output *output, GError **error)
{
    g_autofree char *name = g_strconcat (output->base, ".sha256", NULL);
    GString *sums = g_string_new (NULL);
    g_autoptr (GBytes) bytes = NULL;

    for (guint i = 0; i < output->parts->len; i++) {
        const Part *part = output->parts->pdata[i];
        g_autofree char *hex = digest_to_hex (&part->digest);

        g_string_append_printf (sums, "%s  %s\n", hex, part->name);
    }
    bytes = g_string_free_to_bytes (sums);
    return file_replace (output->dirfd, name, bytes, 0644, error);
}

/* The part with the tail gets its name last: without it the others are no bundle. */
gboolean
output_commit (Output *output, GError **error)
{
    digest_stream_finish (output->digest, &last_part (output)->digest);
    for (guint i = 0; i < output->parts->len; i++)
        if (!name_part (output, output->parts->pdata[i], error))
            return FALSE;
    output->committed = write_sums (output, error);
    return output->committed;
}
