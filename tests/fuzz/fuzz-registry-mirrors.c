/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/registry-mirrors.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* Each mirror that was taken makes a name of an image with any repository behind it. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    const char *const insecure[] = { "insecure.example.org", NULL };
    const RegistryOptions options = { .insecure = insecure };
    g_autoptr (GBytes) input = g_bytes_new (data, size);
    g_autoptr (GPtrArray) list = mirrors_parse_daemon (input, &options, NULL);

    for (guint i = 0; list != NULL && i < list->len; i++) {
        const Mirror *mirror = list->pdata[i];
        g_autofree char *name = g_strconcat (mirror->host, "/", mirror->prefix, "x:1", NULL);
        g_autoptr (ImageReference) reference = image_reference_parse (name, NULL);

        g_assert (reference != NULL);
        g_assert_cmpstr (reference->host, ==, mirror->host);
        g_assert (g_str_has_prefix (reference->repository, mirror->prefix));
    }
    return 0;
}
