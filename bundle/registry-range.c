/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/registry-range.h"

#include "manifest/error.h"

#include <string.h>

/* Digits up to the character that must follow; *text is then behind it. */
static gboolean
take_number (const char **text, char end, guint64 *out)
{
    gsize length = strspn (*text, "0123456789");
    g_autofree char *digits = g_strndup (*text, length);

    if ((*text)[length] != end ||
        !g_ascii_string_to_unsigned (digits, 10, 0, G_MAXINT64, out, NULL))
        return FALSE;
    *text += length + (end != '\0');
    return TRUE;
}

gboolean
content_range_parse (const char *text, ContentRange *out, GError **error)
{
    g_autofree char *shown = error_quote (text);
    ContentRange range = { .total = G_MAXUINT64 };
    gboolean ok = g_ascii_strncasecmp (text, "bytes ", strlen ("bytes ")) == 0;

    if (ok) {
        text += strlen ("bytes ");
        ok = take_number (&text, '-', &range.first) && take_number (&text, '/', &range.last) &&
             (strcmp (text, "*") == 0 || take_number (&text, '\0', &range.total));
    }
    if (!ok || range.last < range.first || range.last >= range.total)
        return fail (error, ERR_FORMAT, "'%s' is no Content-Range: bytes FIRST-LAST/TOTAL", shown);
    *out = range;
    return TRUE;
}
