/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/engine-reply.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) body = g_bytes_new (data, size);
    g_autoptr (GPtrArray) uses = engine_reply_uses (body, NULL);

    return 0;
}
