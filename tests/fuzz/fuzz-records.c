/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/records.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) text = g_bytes_new (data, size);
    g_autoptr (Records) records = records_parse (text, "records.yaml", NULL);

    if (records != NULL) {
        g_autoptr (GBytes) again = records_to_text (records);
        g_assert_nonnull (again);
        (void)records_generation (records, "plant-hmi");
        records_set_generation (records, "plant-hmi", 7);
        g_assert_cmpuint (records_generation (records, "plant-hmi"), ==, 7);
    }
    return 0;
}
