/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/packages.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* There is one text of each list. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) input = g_bytes_new (data, size);
    g_autoptr (PackageList) list = package_list_parse (input, NULL);
    g_autoptr (GBytes) again = list != NULL ? package_list_write (list) : NULL;

    g_assert (again == NULL || g_bytes_equal (again, input));
    return 0;
}
