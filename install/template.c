/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/template.h"

#include "install/host.h"
#include "manifest/error.h"

#include <string.h>

static guint
line_of (const char *start, const char *at)
{
    guint line = 1;

    for (; start < at; start++)
        line += *start == '\n';
    return line;
}

/* The name between the braces, without the blanks around it. */
static void
trim (const char **start, const char **end)
{
    while (*start < *end && (**start == ' ' || **start == '\t'))
        (*start)++;
    while (*start < *end && ((*end)[-1] == ' ' || (*end)[-1] == '\t'))
        (*end)--;
}

GBytes *
template_fill (GBytes *text, GPtrArray *values, const char *name, GError **error)
{
    gsize length;
    const char *start = g_bytes_get_data (text, &length);
    const char *at = start, *end = length > 0 ? start + length : start, *open;
    g_autoptr (GByteArray) out = g_byte_array_new ();

    while (at < end && (open = memmem (at, (gsize)(end - at), "{{", 2)) != NULL) {
        const char *from = open + 2;
        const char *close = memmem (from, (gsize)(end - from), "}}", 2);
        const char *to = close, *value;

        if (close == NULL)
            return fail_null (error, ERR_FORMAT, "'%s' line %u: '{{' without '}}'", name,
                              line_of (start, open));
        trim (&from, &to);
        value = host_value_find (values, from, (gsize)(to - from));
        if (value == NULL) {
            g_autofree char *raw = g_strndup (from, (gsize)(to - from));
            g_autofree char *shown = error_quote (raw);

            return fail_null (error, ERR_FORMAT, "'%s' line %u: no value is declared as '%s'", name,
                              line_of (start, open), shown);
        }
        g_byte_array_append (out, (const guint8 *)at, (guint)(open - at));
        g_byte_array_append (out, (const guint8 *)value, (guint)strlen (value));
        at = close + 2;
    }
    if (at < end)
        g_byte_array_append (out, (const guint8 *)at, (guint)(end - at));
    return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}
