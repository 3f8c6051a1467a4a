/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/reach.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) text = g_bytes_new (data, size);
    g_autofree char *reach = reach_describe (text, FALSE);

    (void)reach;
    return 0;
}
