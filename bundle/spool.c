/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/spool.h"

#include "manifest/error.h"
#include "manifest/file.h"

#include <fcntl.h>

typedef struct {
    guint64 at, length;
} Gap;

struct Spool {
    int fd;
    GArray *gaps; /* Gap, by offset, never touching each other */
    guint64 end;  /* behind the last byte in use */
    guint64 used; /* bytes in use */
    guint64 peak;
};

Spool *
spool_new_in (int fd)
{
    Spool *spool = g_new0 (Spool, 1);

    spool->gaps = g_array_new (FALSE, FALSE, sizeof (Gap));
    spool->fd = fd;
    return spool;
}

Spool *
spool_new (const char *dir, GError **error)
{
    int fd = file_temporary (dir, error);

    return fd >= 0 ? spool_new_in (fd) : NULL;
}

/* First fit; the file grows only where no gap is wide enough. */
guint64
spool_reserve (Spool *spool, guint64 length)
{
    guint64 at = spool->end;

    spool->used += length;
    for (guint i = 0; i < spool->gaps->len; i++) {
        Gap *gap = &g_array_index (spool->gaps, Gap, i);

        if (gap->length < length)
            continue;
        at = gap->at;
        gap->at += length;
        gap->length -= length;
        if (gap->length == 0)
            g_array_remove_index (spool->gaps, i);
        return at;
    }
    spool->end += length;
    spool->peak = MAX (spool->peak, spool->end);
    return at;
}

/* Gaps can add up to most of the file; their blocks go back to the file system, where it can take
 * them, so that the disk holds what waits and no more. */
static void
give_back (const Spool *spool, const Gap *gap)
{
    int result = fallocate (spool->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)gap->at,
                            (off_t)gap->length);

    (void)result;
}

static gboolean
join_next (Spool *spool, guint i)
{
    Gap *left, *right;

    if (i + 1 >= spool->gaps->len)
        return FALSE;
    left = &g_array_index (spool->gaps, Gap, i);
    right = left + 1;
    if (left->at + left->length != right->at)
        return FALSE;
    left->length += right->length;
    g_array_remove_index (spool->gaps, i + 1);
    return TRUE;
}

void
spool_release (Spool *spool, guint64 at, guint64 length)
{
    Gap gap = { at, length };
    guint i = 0;

    spool->used -= length;
    while (i < spool->gaps->len && g_array_index (spool->gaps, Gap, i).at < at)
        i++;
    g_array_insert_val (spool->gaps, i, gap);
    join_next (spool, i);
    if (i > 0 && join_next (spool, i - 1))
        i--;
    gap = g_array_index (spool->gaps, Gap, i);
    give_back (spool, &gap);
    if (gap.at + gap.length == spool->end) {
        spool->end = gap.at;
        g_array_remove_index (spool->gaps, i);
    }
}

guint64
spool_used (const Spool *spool)
{
    return spool->used;
}

gboolean
spool_write (Spool *spool, guint64 at, const guint8 *bytes, gsize length, GError **error)
{
    return file_pwrite_all (spool->fd, "the spool", bytes, length, at, error);
}

gboolean
spool_read (Spool *spool, guint64 at, guint8 *bytes, gsize length, GError **error)
{
    return file_pread_all (spool->fd, "the spool", bytes, length, at, error);
}

guint64
spool_peak (const Spool *spool)
{
    return spool->peak;
}

void
spool_free (Spool *spool)
{
    if (spool == NULL)
        return;
    file_clear_fd (&spool->fd);
    g_array_unref (spool->gaps);
    g_free (spool);
}
