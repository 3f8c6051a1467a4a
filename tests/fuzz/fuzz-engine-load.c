/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/engine-reply.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) body = g_bytes_new (data, size);
    gboolean good = engine_reply_check_load (body, NULL);
    g_autofree char *message = engine_reply_message (body);

    (void)good;
    return 0;
}
