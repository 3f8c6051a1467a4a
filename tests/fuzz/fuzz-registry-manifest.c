/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/registry-manifest.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* The first line is the Content-Type (empty: none), the rest the body. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    const guint8 *end = size > 0 ? memchr (data, '\n', size) : NULL;
    gsize length = end == NULL ? 0 : (gsize)(end - data), skipped = end == NULL ? 0 : length + 1;
    g_autofree char *said = length == 0 ? NULL : g_strndup ((const char *)data, length);
    g_autoptr (GBytes) body = g_bytes_new (data + skipped, size - skipped);
    g_autofree char *type = registry_manifest_type (body, said, NULL);

    g_assert (type == NULL || strstr (REGISTRY_MANIFEST_ACCEPT, type) != NULL);
    return 0;
}
