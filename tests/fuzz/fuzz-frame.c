/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/frame.h"
#include "manifest/limits.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

#define CONTENT_MAX 65536

/* The first two bytes are the content length that the index has; the rest is the frame. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    Frame frame = { 0 };
    g_autofree guint8 *out = NULL;
    g_autoptr (GError) error = NULL;

    if (size < 3)
        return 0;
    frame.compressed = size - 2;
    frame.content = (guint64)data[0] << 8 | data[1];
    out = g_malloc (frame.content);
    g_assert_true (frame_decompress (&frame, data + 2, out, &error) == (error == NULL));
    return 0;
}
