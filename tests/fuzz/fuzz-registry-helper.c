/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/registry-helper.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) input = g_bytes_new (data, size);
    g_auto (Credentials) found = { 0 };

    if (credential_helper_parse (input, &found, NULL))
        g_assert ((found.kind == CREDENTIALS_NONE) == (found.secret == NULL));
    return 0;
}
