/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/twice.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* Once as it is, and once under a check sum that is right, to come behind that. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) bytes = g_bytes_new (data, size);
    g_autoptr (GBytes) sealed = twice_seal (bytes);
    guint64 generation = 0;
    g_autoptr (GBytes) text = twice_open (bytes, "state.yaml", &generation, NULL);
    g_autoptr (GBytes) again = twice_open (sealed, "state.yaml", &generation, NULL);

    if (again != NULL)
        g_assert_true (g_bytes_equal (again, bytes));
    return 0;
}
