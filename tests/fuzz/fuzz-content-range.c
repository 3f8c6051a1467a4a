/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/registry-range.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autofree char *input = g_strndup (size > 0 ? (const char *)data : "", size);
    ContentRange range;

    if (content_range_parse (input, &range, NULL))
        g_assert (range.first <= range.last && range.last < range.total &&
                  range.last <= G_MAXINT64);
    return 0;
}
