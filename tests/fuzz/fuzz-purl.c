/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/purl.h"
#include "manifest/limits.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* Its parts, written as parts of a URL again, are the same parts. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autofree char *text = g_strndup (size > 0 ? (const char *)data : "", size);
    g_auto (Purl) purl = { 0 };
    g_auto (Purl) again = { 0 };
    g_autoptr (GString) url = g_string_new ("pkg:");

    if (!purl_parse (text, &purl, NULL))
        return 0;
    purl_append (url, purl.type);
    g_string_append_c (url, '/');
    if (purl.space != NULL) {
        purl_append (url, purl.space);
        g_string_append_c (url, '/');
    }
    purl_append (url, purl.name);
    if (purl.version != NULL) {
        g_string_append_c (url, '@');
        purl_append (url, purl.version);
    }
    if (url->len > LIMIT_PATH_BYTES || strchr (purl.type, ':') != NULL)
        return 0;
    g_assert (purl_parse (url->str, &again, NULL));
    g_assert_cmpstr (purl.space, ==, again.space);
    g_assert_cmpstr (purl.name, ==, again.name);
    g_assert_cmpstr (purl.version, ==, again.version);
    return 0;
}
