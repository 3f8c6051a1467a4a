/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/receipt-read.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) text = g_bytes_new (data, size);
    g_autoptr (Receipt) receipt = receipt_parse (text, "000001.json", NULL);

    if (receipt != NULL)
        g_assert_nonnull (receipt->run);
    return 0;
}
