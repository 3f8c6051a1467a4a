/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/provenance.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* There is one text of each provenance. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) input = g_bytes_new (data, size);
    g_autoptr (Provenance) provenance = provenance_parse (input, NULL);
    g_autoptr (GBytes) again = provenance != NULL ? provenance_write (provenance) : NULL;

    g_assert (again == NULL || g_bytes_equal (again, input));
    return 0;
}
