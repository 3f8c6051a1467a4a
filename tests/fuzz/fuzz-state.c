/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/state.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) text = g_bytes_new (data, size);
    g_autoptr (State) state = state_parse (text, "state.yaml", NULL);

    if (state != NULL) {
        g_autoptr (GBytes) again = state_to_text (state);
        g_assert_nonnull (again);
    }
    return 0;
}
