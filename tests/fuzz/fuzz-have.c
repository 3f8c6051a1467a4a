/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/have.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) text = g_bytes_new (data, size);
    g_autoptr (GError) error = NULL;
    g_autoptr (Have) parsed = have_parse (text, &error);

    g_assert ((parsed == NULL) == (error != NULL));
    if (parsed != NULL) {
        g_autoptr (GBytes) once = have_write (parsed);
        g_autoptr (Have) again = have_parse (once, NULL);
        g_autoptr (GBytes) twice = NULL;

        g_assert (again != NULL);
        twice = have_write (again);
        g_assert (g_bytes_equal (once, twice));
    }
    return 0;
}
