/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/base-table.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* What is taken is written as it was read, but for paths that could share more. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) input = g_bytes_new (data, size);
    g_autoptr (GArray) files = base_table_new ();
    g_autoptr (GArray) again = base_table_new ();
    g_autoptr (GBytes) written = NULL;

    if (!base_table_parse (input, files, NULL))
        return 0;
    written = base_table_write (files);
    g_assert_true (base_table_parse (written, again, NULL));
    g_assert_cmpuint (again->len, ==, files->len);
    return 0;
}
