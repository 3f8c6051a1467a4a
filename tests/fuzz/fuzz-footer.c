/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/bundle.h"
#include "bundle/tail.h"
#include "tests/fuzz/sections.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* The file as it lies there, frames and all. Its end is written again the same. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autofree char *path = scratch_path ("bundle");
    g_autoptr (Parts) parts = NULL;
    g_autoptr (Tail) tail = NULL;
    g_autoptr (Bundle) bundle = NULL;
    g_autoptr (GBytes) again = NULL, found = NULL;

    scratch_write ("bundle", data, size);
    parts = parts_open (path, NULL);
    g_assert_nonnull (parts);
    tail = tail_read (parts, NULL);
    if (tail == NULL)
        return 0;
    bundle = bundle_open (path, NULL);
    if (bundle != NULL)
        (void)!bundle_check_deep (bundle, scratch_folder (), NULL, NULL);
    again = tail_write (tail);
    g_assert_cmpuint (g_bytes_get_size (again), ==, size - tail->offset);
    found = g_bytes_new_static (data + tail->offset, size - tail->offset);
    g_assert_true (g_bytes_equal (again, found));
    return 0;
}
