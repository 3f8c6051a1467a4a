/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/registry-credentials.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) input = g_bytes_new (data, size);
    g_auto (Credentials) found = { 0 };
    g_autofree char *helper = NULL;
    g_autoptr (GError) error = NULL;
    gboolean ok = credentials_parse (input, "registry.example.org:5000", "plant/server", &found,
                                     &helper, &error);

    g_assert (ok == (error == NULL));
    g_assert (ok || (found.kind == CREDENTIALS_NONE && helper == NULL));
    g_assert ((found.kind == CREDENTIALS_NONE) == (found.secret == NULL));
    g_assert (helper == NULL || found.secret == NULL);
    g_assert (found.kind != CREDENTIALS_PASSWORD || found.user != NULL);
    return 0;
}
