/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/oci.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) input = g_bytes_new (data, size);
    g_autofree char *platform = NULL;
    g_autoptr (GArray) diffids = NULL;

    if (oci_config_parse (input, &platform, &diffids, NULL))
        g_assert (platform != NULL && diffids != NULL);
    return 0;
}
