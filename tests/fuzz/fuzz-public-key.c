/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/public.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) input = g_bytes_new (data, size);
    g_autoptr (GBytes) written = NULL;
    PublicKey key, again;

    if (!public_key_parse (input, "input", &key, NULL))
        return 0;
    written = public_key_write (&key);
    g_assert (public_key_parse (written, "written", &again, NULL));
    g_assert (public_key_equal (&key, &again));
    return 0;
}
