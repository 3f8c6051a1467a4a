/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/last-lines.h"

#include "install/mask.h"
#include "manifest/error.h"

#include <string.h>

#define KEPT_BYTES 8192
#define SHOWN_LINES 12

struct LastLines {
    Mask *mask; /* NULL once the text was taken */
    GString *kept;
};

/* What is cut off at the front is whole lines and at most one part of one. */
static void
keep (const guint8 *bytes, gsize length, gpointer data)
{
    GString *kept = data;

    g_string_append_len (kept, (const char *)bytes, (gssize)length);
    if (kept->len > 2 * KEPT_BYTES)
        g_string_erase (kept, 0, (gssize)(kept->len - KEPT_BYTES));
}

LastLines *
last_lines_new (GPtrArray *values)
{
    LastLines *lines = g_new0 (LastLines, 1);

    lines->kept = g_string_new (NULL);
    lines->mask = mask_new (values, keep, lines->kept);
    return lines;
}

void
last_lines_add (const guint8 *bytes, gsize length, gpointer lines)
{
    mask_add (((LastLines *)lines)->mask, bytes, length);
}

char *
last_lines_text (LastLines *lines)
{
    g_autoptr (GString) text = g_string_new (NULL);
    g_auto (GStrv) all = NULL;
    guint shown = 0;

    g_clear_pointer (&lines->mask, mask_free);
    all = g_strsplit (lines->kept->str, "\n", -1);
    for (guint i = g_strv_length (all); i > 0 && shown < SHOWN_LINES; i--) {
        g_autofree char *quoted = error_quote (g_strchomp (all[i - 1]));

        if (*quoted == '\0')
            continue;
        g_string_prepend (text, quoted);
        g_string_prepend (text, "\n    ");
        shown++;
    }
    return g_string_free (g_steal_pointer (&text), FALSE);
}

void
last_lines_free (LastLines *lines)
{
    if (lines == NULL)
        return;
    mask_free (lines->mask);
    g_string_free (lines->kept, TRUE);
    g_free (lines);
}
