/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/engine-reply.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) body = g_bytes_new (data, size);
    g_autoptr (GBytes) text = engine_reply_log (body, NULL);

    (void)text;
    return 0;
}
