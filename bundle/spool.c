/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/spool.h"

#include "manifest/error.h"
#include "manifest/file.h"

typedef struct {
    guint64 at, length;
} Gap;

struct Spool {
    int fd;
    GArray *gaps; /* Gap, by offset, never touching each other */
    guint64 end;  /* behind the last byte in use */
    guint64 peak;
};

Spool *
spool_new (const char *dir, GError **error)
{
    g_autoptr (Spool) spool = g_new0 (Spool, 1);

    spool->gaps = g_array_new (FALSE, FALSE, sizeof (Gap));
    spool->fd = file_temporary (dir, error);
    return spool->fd >= 0 ? g_steal_pointer (&spool) : NULL;
}

/* First fit; the file grows only where no gap is wide enough. */
guint64
spool_reserve (Spool *spool, guint64 length)
{
    guint64 at = spool->end;

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

static void
join_gaps (Spool *spool, guint i)
{
    Gap *left, *right;

    if (i + 1 >= spool->gaps->len)
        return;
    left = &g_array_index (spool->gaps, Gap, i);
    right = left + 1;
    if (left->at + left->length != right->at)
        return;
    left->length += right->length;
    g_array_remove_index (spool->gaps, i + 1);
}

void
spool_release (Spool *spool, guint64 at, guint64 length)
{
    Gap gap = { at, length };
    guint i = 0;

    while (i < spool->gaps->len && g_array_index (spool->gaps, Gap, i).at < at)
        i++;
    g_array_insert_val (spool->gaps, i, gap);
    join_gaps (spool, i);
    if (i > 0)
        join_gaps (spool, i - 1);
    gap = g_array_index (spool->gaps, Gap, spool->gaps->len - 1);
    if (gap.at + gap.length == spool->end) {
        spool->end = gap.at;
        g_array_remove_index (spool->gaps, spool->gaps->len - 1);
    }
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
