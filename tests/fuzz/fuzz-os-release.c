/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/os-release.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* What it says becomes part of package URLs as it is. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) input = g_bytes_new (data, size);
    g_auto (OsRelease) os = { 0 };

    if (!os_release_parse (input, &os, NULL))
        return 0;
    g_assert (os.id == NULL || strpbrk (os.id, "/@?&=# \n\"") == NULL);
    g_assert (os.version == NULL || strpbrk (os.version, "/@?&=# \n\"") == NULL);
    return 0;
}
