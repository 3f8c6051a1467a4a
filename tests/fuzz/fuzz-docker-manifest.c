/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/docker-manifest.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) input = g_bytes_new (data, size);
    g_autoptr (GPtrArray) found = docker_manifest_parse (input, NULL);

    if (found != NULL && docker_manifest_find (found, NULL, NULL) == NULL)
        g_assert (found->len > 1);
    return 0;
}
