/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/host.h"
#include "install/template.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    HostValue name = { (char *)"name", (char *)"value", FALSE };
    g_autoptr (GPtrArray) values = g_ptr_array_new ();
    g_autoptr (GBytes) text = g_bytes_new (data, size);
    g_autoptr (GBytes) filled = NULL;

    g_ptr_array_add (values, &name);
    filled = template_fill (text, values, "config", NULL);
    return 0;
}
