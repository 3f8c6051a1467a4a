/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/html.h"

#include <string.h>

#define MARKS_MAX 3 /* on one letter; more would paint over the lines around */

struct Html {
    GString *out;
    GPtrArray *open; /* const char *: elements that are not closed yet */
};

Html *
html_new (void)
{
    Html *html = g_new0 (Html, 1);

    html->out = g_string_new ("<!DOCTYPE html>\n");
    html->open = g_ptr_array_new ();
    return html;
}

void
html_free (Html *html)
{
    if (html == NULL)
        return;
    if (html->out != NULL)
        g_string_free (html->out, TRUE);
    g_ptr_array_unref (html->open);
    g_free (html);
}

GBytes *
html_finish (Html *html)
{
    g_assert (html->open->len == 0);
    g_string_append_c (html->out, '\n');
    return g_string_free_to_bytes (g_steal_pointer (&html->out));
}

/* Would it hide, pass for another, or change how the text around it reads? A soft hyphen, joiners,
 * direction marks, variation selectors and tags do; so do line separators, blanks that are not the
 * blank, and characters nobody has assigned. */
static gboolean
is_hidden (gunichar c)
{
    switch ((int)g_unichar_type (c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_UNASSIGNED:
        return TRUE;
    case G_UNICODE_SPACE_SEPARATOR:
        return c != ' ';
    default:
        return (c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xe0100 && c <= 0xe01ef) || c == 0x034f ||
               c == 0x115f || c == 0x1160 || c == 0x3164 || c == 0xffa0;
    }
}

static const char *
entity (gunichar c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* Appends the first character of text, and returns what is behind it. marks: how many combining
 * ones came before it. */
static const char *
append_one (GString *out, const char *text, gboolean lines, guint *marks)
{
    gunichar c = g_utf8_get_char_validated (text, -1);
    const char *escaped = entity (c);
    gboolean kept = lines && (c == '\n' || c == '\t');

    if (c == (gunichar)-1 || c == (gunichar)-2) {
        g_string_append_printf (out, "\\x%02x", (guint8)*text);
        return text + 1;
    }
    *marks = g_unichar_ismark (c) ? *marks + 1 : 0;
    if (escaped != NULL)
        g_string_append (out, escaped);
    else if (!kept && (c < 0x20 || c == 0x7f))
        g_string_append_printf (out, "\\x%02x", c);
    else if (!kept && (is_hidden (c) || *marks > MARKS_MAX))
        g_string_append_printf (out, "\\u{%x}", c);
    else
        g_string_append_unichar (out, c);
    return g_utf8_next_char (text);
}

static void
append_text (GString *out, const char *text, gboolean lines)
{
    guint marks = 0;

    while (*text != '\0')
        text = append_one (out, text, lines, &marks);
}

static void
append_tag (Html *html, const char *element, va_list attributes)
{
    const char *name;

    g_string_append_printf (html->out, "<%s", element);
    while ((name = va_arg (attributes, const char *)) != NULL) {
        const char *value = va_arg (attributes, const char *);

        if (value == NULL)
            continue;
        g_string_append_printf (html->out, " %s=\"", name);
        append_text (html->out, value, FALSE);
        g_string_append_c (html->out, '"');
    }
    g_string_append_c (html->out, '>');
}

void
html_open (Html *html, const char *element, ...)
{
    va_list attributes;

    va_start (attributes, element);
    append_tag (html, element, attributes);
    va_end (attributes);
    g_ptr_array_add (html->open, (gpointer)element);
}

void
html_void (Html *html, const char *element, ...)
{
    va_list attributes;

    va_start (attributes, element);
    append_tag (html, element, attributes);
    va_end (attributes);
    g_string_append_c (html->out, '\n');
}

/* Blanks between elements of a line of text count; behind these they do not. */
static gboolean
ends_line (const char *element)
{
    static const char *const inside[] = { "a", "b", "code", "em", "span", "strong", "small", NULL };

    return !g_strv_contains (inside, element);
}

void
html_close (Html *html, const char *element)
{
    const char *last = html->open->len > 0 ? html->open->pdata[html->open->len - 1] : "nothing";

    g_assert_cmpstr (last, ==, element);
    g_ptr_array_remove_index (html->open, html->open->len - 1);
    g_string_append_printf (html->out, "</%s>%s", element, ends_line (element) ? "\n" : "");
}

void
html_text (Html *html, const char *text)
{
    append_text (html->out, text, FALSE);
}

void
html_lines (Html *html, const char *text)
{
    append_text (html->out, text, TRUE);
}

void
html_textf (Html *html, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start (args, format);
    text = g_strdup_vprintf (format, args);
    va_end (args);
    html_text (html, text);
}

void
html_element (Html *html, const char *element, const char *class, const char *text)
{
    html_open (html, element, "class", class, NULL);
    html_text (html, text);
    html_close (html, element);
}

void
html_elementf (Html *html, const char *element, const char *class, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start (args, format);
    text = g_strdup_vprintf (format, args);
    va_end (args);
    html_element (html, element, class, text);
}

void
html_style (Html *html, const char *css)
{
    html_open (html, "style", NULL);
    g_string_append (html->out, css);
    html_close (html, "style");
}
