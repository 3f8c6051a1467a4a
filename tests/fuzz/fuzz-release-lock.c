/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/release-lock.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) text = g_bytes_new (data, size);
    g_autoptr (GError) error = NULL;
    g_autoptr (ReleaseLock) parsed = release_lock_parse (text, "release.lock.yaml", &error);

    g_assert ((parsed == NULL) == (error != NULL));
    if (parsed != NULL) {
        g_autoptr (GBytes) once = release_lock_write (parsed);
        g_autoptr (ReleaseLock) again = release_lock_parse (once, "release.lock.yaml", NULL);
        g_autoptr (GBytes) twice = NULL;

        g_assert (again != NULL);
        twice = release_lock_write (again);
        g_assert (g_bytes_equal (once, twice));
    }
    return 0;
}
