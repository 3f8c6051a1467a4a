/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/frame.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* One form only: what is taken is written the same. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) input = g_bytes_new (data, size);
    g_autoptr (GArray) frames = frame_index_parse (input, NULL);
    g_autoptr (GBytes) again = frames != NULL ? frame_index_write (frames) : NULL;

    g_assert (frames == NULL || g_bytes_equal (input, again));
    return 0;
}
