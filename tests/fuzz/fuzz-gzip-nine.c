/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/gzip-nine.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

#define LIMIT (1024 * 1024)

static void
pack_and_unpack (const guint8 *bytes, gsize length)
{
    g_autoptr (GByteArray) packed = gzip_nine (bytes, length);
    g_autoptr (GByteArray) back = NULL;

    g_assert (gzip_nine_unpack (packed->data, packed->len, length, &back));
    g_assert (back->len == length && (length == 0 || memcmp (back->data, bytes, length) == 0));
}

/* As a packed file, and as content. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GByteArray) content = NULL;

    if (gzip_nine_unpack (data, size, LIMIT, &content)) {
        g_assert (content->len <= LIMIT);
        pack_and_unpack (content->data, content->len);
    }
    if (size <= LIMIT)
        pack_and_unpack (data, size);
    return 0;
}
