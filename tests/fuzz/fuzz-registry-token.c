/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/registry-token.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) input = g_bytes_new (data, size);
    g_autofree char *token = NULL;
    guint64 seconds;

    if (token_parse (input, &token, &seconds, NULL))
        g_assert (*token != '\0' && strpbrk (token, "\r\n\t ") == NULL);
    return 0;
}
