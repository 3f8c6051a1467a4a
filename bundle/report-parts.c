/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/report-page.h"

#include <string.h>

#define ROWS_MAX 5000   /* of one table, those that are folded away too */
#define WORDS_SHOWN 20  /* of a list in a line */
#define LINES_SHOWN 20  /* of hunks */
#define LINES_MAX 20000 /* of them, folded away */

void
report_section (Html *html, const char *id, const char *title)
{
    html_open (html, "section", "aria-labelledby", id, NULL);
    html_open (html, "h2", "id", id, NULL);
    html_text (html, title);
    html_close (html, "h2");
}

void
report_fact (Html *html, const char *label, const char *text)
{
    if (text == NULL)
        return;
    html_open (html, "div", NULL);
    html_element (html, "dt", NULL, label);
    html_element (html, "dd", NULL, text);
    html_close (html, "div");
}

void
report_factf (Html *html, const char *label, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start (args, format);
    text = g_strdup_vprintf (format, args);
    va_end (args);
    report_fact (html, label, text);
}

static void
add_words (Html *html, char **texts, guint from, guint to)
{
    for (guint i = from; i < to; i++) {
        if (i > from)
            html_text (html, ", ");
        html_element (html, "b", "word", texts[i]);
    }
}

void
report_fact_list (Html *html, const char *label, char **texts, const char *what)
{
    guint n = texts != NULL ? g_strv_length (texts) : 0;
    guint shown = n <= WORDS_SHOWN + 1 ? n : WORDS_SHOWN;

    if (n == 0)
        return;
    html_open (html, "div", NULL);
    html_element (html, "dt", NULL, label);
    html_open (html, "dd", NULL);
    add_words (html, texts, 0, shown);
    if (shown < n) {
        html_open (html, "details", NULL);
        report_fold (html, n - shown, what);
        add_words (html, texts, shown, n);
        html_close (html, "details");
    }
    html_close (html, "dd");
    html_close (html, "div");
}

void
report_fold (Html *html, guint n, const char *what)
{
    html_open (html, "summary", NULL);
    html_textf (html, "%u more %s", n, what);
    html_element (html, "span", "paper",
                  " are not on this paper: open the list on screen before printing");
    html_close (html, "summary");
}

static void
add_rows (Html *html, const ReportTable *table, const GPtrArray *items, guint from, guint to)
{
    html_open (html, "div", "class", "scroll", NULL);
    html_open (html, "table", "class", table->class, NULL);
    html_open (html, "thead", NULL);
    html_open (html, "tr", NULL);
    for (const char *const *column = table->columns; *column != NULL; column++) {
        gboolean figures = **column == '#';

        html_open (html, "th", "scope", "col", "class", figures ? "figure" : NULL, NULL);
        html_text (html, *column + figures);
        html_close (html, "th");
    }
    html_close (html, "tr");
    html_close (html, "thead");
    html_open (html, "tbody", NULL);
    for (guint i = from; i < to; i++) {
        html_open (html, "tr", NULL);
        table->add_row (html, items->pdata[i]);
        html_close (html, "tr");
    }
    html_close (html, "tbody");
    html_close (html, "table");
    html_close (html, "div");
}

/* One row more than is to be seen is not worth folding away. */
void
report_table (Html *html, const ReportTable *table, const GPtrArray *items)
{
    guint shown = items->len <= table->shown + 1 ? items->len : table->shown;
    guint end = MIN (items->len, ROWS_MAX);

    add_rows (html, table, items, 0, shown);
    if (shown == items->len)
        return;
    html_open (html, "details", NULL);
    report_fold (html, items->len - shown, table->what);
    add_rows (html, table, items, shown, end);
    if (end < items->len)
        html_elementf (html, "p", "note",
                       "%u more are not in this page: 'handcarry show' and 'handcarry diff' list "
                       "them.",
                       items->len - end);
    html_close (html, "details");
}

static const char *
class_of (char begin)
{
    switch (begin) {
    case '+':
        return "added";
    case '-':
        return "gone";
    case '@':
        return "hunk";
    default:
        return NULL;
    }
}

static void
add_lines (Html *html, char **lines, guint from, guint to)
{
    html_open (html, "pre", NULL);
    for (guint i = from; i < to; i++) {
        const char *class = class_of (*lines[i]);

        html_open (html, "span", "class", class, NULL);
        html_lines (html, lines[i]);
        html_lines (html, "\n");
        html_close (html, "span");
    }
    html_close (html, "pre");
}

void
report_hunks (Html *html, const char *hunks)
{
    g_auto (GStrv) lines = g_strsplit (hunks, "\n", -1);
    guint n = g_strv_length (lines);
    guint shown, end;

    /* Behind the last line feed. */
    n -= n > 0 && *lines[n - 1] == '\0';
    shown = n <= LINES_SHOWN + 2 ? n : LINES_SHOWN;
    end = MIN (n, LINES_MAX);
    add_lines (html, lines, 0, shown);
    if (shown == n)
        return;
    html_open (html, "details", NULL);
    report_fold (html, n - shown, "lines");
    add_lines (html, lines, shown, end);
    if (end < n)
        html_elementf (html, "p", "note", "%u more lines are not in this page.", n - end);
    html_close (html, "details");
}

char *
report_count (guint64 n, const char *one, const char *many)
{
    return g_strdup_printf ("%" G_GUINT64_FORMAT " %s", n, n == 1 ? one : many);
}
