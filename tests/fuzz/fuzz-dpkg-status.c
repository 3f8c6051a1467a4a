/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/package-db.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* What is taken from an image must be a list that readers take. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) input = g_bytes_new (data, size);
    g_autoptr (PackageList) list = package_db_parse_dpkg (input, NULL);
    g_autoptr (GBytes) text = list != NULL ? package_list_write (list) : NULL;
    g_autoptr (PackageList) again = text != NULL ? package_list_parse (text, NULL) : NULL;

    g_assert ((list != NULL) == (again != NULL));
    return 0;
}
