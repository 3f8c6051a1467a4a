/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/line-diff.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* Two texts with a line "====" between them. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    static const char between[] = "====\n";
    const uint8_t *at = size > 0 ? memmem (data, size, between, strlen (between)) : NULL;
    gsize left = at != NULL ? (gsize)(at - data) : size;
    gsize right = at != NULL ? left + strlen (between) : size;
    g_autoptr (GBytes) old = g_bytes_new_static (data, left);
    g_autoptr (GBytes) new = g_bytes_new_static (data + right, size - right);
    const char *why;
    g_autofree char *out = line_diff (old, new, NULL, NULL, &why);

    g_assert_true ((out == NULL) == (why != NULL));
    return 0;
}
