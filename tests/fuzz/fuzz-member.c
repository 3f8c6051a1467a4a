/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/format.h"
#include "bundle/member.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

typedef struct {
    const guint8 *data;
    gsize size;
} Rest;

/* In pieces, as frames come. */
static gssize
read_rest (guint8 *buffer, gsize length, gpointer data, GError **error)
{
    Rest *rest = data;
    gsize n = MIN (MIN (length, rest->size), 1000);

    if (n > 0) {
        memcpy (buffer, rest->data, n);
        rest->data += n;
        rest->size -= n;
    }
    return (gssize)n;
}

/* The content ends where the header says. A name that is taken can be written. */
static gboolean
read_member (MemberReader *reader, const char *name, guint64 size, gboolean executable)
{
    g_autoptr (GBytes) header = member_header (name, size, executable);
    guint8 piece[700];
    guint64 sum = 0;
    gssize n;

    g_assert_cmpuint (g_bytes_get_size (header) % TAR_BLOCK, ==, 0);
    while ((n = member_reader_read (reader, piece, sizeof piece, NULL)) > 0)
        sum += (guint64)n;
    g_assert_true (n < 0 || sum <= size);
    return n == 0;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    Rest rest = { data, size };
    g_autoptr (MemberReader) reader = member_reader_new (read_rest, &rest);

    for (guint i = 0; i < 100; i++) {
        g_autoptr (GError) error = NULL;
        const char *name = NULL;
        guint64 length;
        gboolean executable;
        gboolean good = member_reader_next (reader, &name, &length, &executable, &error);

        g_assert_true (good == (error == NULL));
        if (!good || name == NULL || !read_member (reader, name, length, executable))
            break;
    }
    return 0;
}
