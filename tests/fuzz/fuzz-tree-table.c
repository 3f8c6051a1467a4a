/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/tree-table.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* There is one text of each table. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) input = g_bytes_new (data, size);
    g_autoptr (GArray) files = tree_table_parse (input, NULL);
    g_autoptr (GBytes) again = files != NULL ? tree_table_write (files) : NULL;

    g_assert (again == NULL || g_bytes_equal (again, input));
    return 0;
}
