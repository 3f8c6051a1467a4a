/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/compose.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) text = g_bytes_new (data, size);
    g_autoptr (Compose) compose = compose_new ();
    gboolean good = compose_add (compose, text, "compose.yaml", "1.0", NULL) &&
                    compose_add (compose, text, "again.yaml", "1.0", NULL);

    (void)good;
    return 0;
}
