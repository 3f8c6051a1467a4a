/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/sbom-given.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* What is taken of it must be a list that readers take. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) input = g_bytes_new (data, size);
    g_autoptr (GError) error = NULL;
    g_autoptr (GivenSbom) given = given_sbom_parse (input, &error);
    g_autoptr (GBytes) text = NULL;
    g_autoptr (PackageList) again = NULL;

    g_assert ((given == NULL) == (error != NULL));
    if (given == NULL)
        return 0;
    text = package_list_write (given->packages);
    again = package_list_parse (text, NULL);
    g_assert_nonnull (again);
    return 0;
}
