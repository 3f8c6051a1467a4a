/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/format.h"
#include "bundle/tail.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* One form only: what is taken is written the same. Payloads lie behind the frame's header. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (Tail) tail = tail_parse (data, size, ZSTD_SKIPPABLE_HEADER, NULL);
    g_autoptr (GBytes) again = tail != NULL ? tail_write (tail) : NULL;

    g_assert (tail == NULL ||
              memcmp ((const guint8 *)g_bytes_get_data (again, NULL) + ZSTD_SKIPPABLE_HEADER, data,
                      size) == 0);
    return 0;
}
