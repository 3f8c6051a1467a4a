/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/reference.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* What was read is written and read again: both are the same, and fit to stand in a URL. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autofree char *input = g_strndup (size > 0 ? (const char *)data : "", size);
    g_autoptr (ImageReference) first = image_reference_parse (input, NULL), second = NULL;
    g_autofree char *text = NULL, *again = NULL;

    if (first == NULL)
        return 0;
    text = image_reference_to_text (first);
    second = image_reference_parse (text, NULL);
    g_assert (second != NULL);
    again = image_reference_to_text (second);
    g_assert_cmpstr (text, ==, again);
    g_assert_cmpstr (first->tag, ==, second->tag);
    g_assert (first->tag != NULL || first->has_digest);
    g_assert (strpbrk (text, "?#%\\ \r\n\t\"'<>") == NULL && strstr (text, "/.") == NULL);
    return 0;
}
