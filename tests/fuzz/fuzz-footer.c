/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/bundle.h"
#include "bundle/tail.h"
#include "tests/fuzz/sections.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* The file as it lies there: what is read is written the same again at its end. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autofree char *path = scratch_path ("bundle");
    g_autoptr (Parts) parts = NULL;
    g_autoptr (Tail) tail = NULL;
    g_autoptr (GBytes) again = NULL, found = NULL;

    scratch_write ("bundle", data, size);
    parts = parts_open (path, NULL);
    g_assert_nonnull (parts);
    tail = tail_read (parts, NULL);
    if (tail == NULL)
        return 0;
    again = tail_write (tail);
    g_assert_cmpuint (g_bytes_get_size (again), ==, size - tail->offset);
    found = g_bytes_new_static (data + tail->offset, size - tail->offset);
    g_assert_true (g_bytes_equal (again, found));
    return 0;
}
