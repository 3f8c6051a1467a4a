/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/root.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* What is taken can be written and read again. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) input = g_bytes_new (data, size);
    g_autoptr (Root) root = root_parse (input, "input", NULL), again = NULL;
    g_autoptr (GBytes) written = NULL, twice = NULL;

    if (root == NULL)
        return 0;
    written = root_write (root);
    again = root_parse (written, "written", NULL);
    g_assert (again != NULL);
    twice = root_write (again);
    g_assert (g_bytes_equal (written, twice));
    return 0;
}
