/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/playbook.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) text = g_bytes_new (data, size);
    gboolean good = playbook_check_results (text, "site.yml", NULL);

    (void)good;
    return 0;
}
