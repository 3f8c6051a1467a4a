/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/lint-allow.h"

#include "manifest/error.h"

#include <string.h>

#define LIMIT_STACK 16

/* Whatever begins a comment in the file's own language. */
#define MARK "(?:#|//|;|--|<!--|/\\*|\\{#)[ \\t]*handcarry:[ \\t]*allow\\b([^\\n]*)"
/* Possessive throughout: what is tried once is not tried again, whatever the text. */
#define WORDS "^[ \\t]++([A-Za-z0-9-]++)(?:[ \\t]++([^:]++)?+)?+(?::[ \\t]*+(.*+))?+$"

void
lint_exception_free (gpointer data)
{
    LintException *exception = data;

    g_free (exception->file);
    g_free (exception->reason);
    g_free (exception);
}

/* LINT_RULES: there is none of that name, or none that can be allowed. */
static LintRuleId
find_rule (const char *name)
{
    for (guint i = 0; i < LINT_RULES; i++)
        if (i != LINT_EXCEPTION && strcmp (lint_rule (i)->name, name) == 0)
            return i;
    return LINT_RULES;
}

static char *
list_rules (void)
{
    g_autoptr (GString) names = g_string_new (NULL);

    for (guint i = 0; i < LINT_EXCEPTION; i++)
        g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", lint_rule (i)->name);
    return g_string_free (g_steal_pointer (&names), FALSE);
}

/* The line that a comment is about: its own where something stands before it, else the next one
 * that is no such comment; no more than LIMIT_STACK of them stand above one line. */
static guint
line_meant (const char *text, gsize start, guint line, const GRegex *mark)
{
    gsize begin = start;
    const char *next;

    while (begin > 0 && text[begin - 1] != '\n')
        if (!g_ascii_isspace (text[--begin]))
            return line;
    next = strchr (text + start, '\n');
    for (guint stacked = 0; next != NULL && stacked < LIMIT_STACK; stacked++) {
        const char *end = strchr (next + 1, '\n');
        g_autofree char *whole =
            g_strndup (next + 1, end != NULL ? (gsize)(end - next - 1) : strlen (next + 1));

        line++;
        if (!g_regex_match (mark, g_strchug (whole), G_REGEX_MATCH_ANCHORED, NULL))
            return line;
        next = end;
    }
    return line;
}

static gboolean
is_carried (const Lint *lint, const char *path)
{
    for (guint i = 0; i < lint->paths->len; i++)
        if (strcmp (lint->paths->pdata[i], path) == 0)
            return TRUE;
    return FALSE;
}

static void
add_exception (Lint *lint, const LintPlace *place, guint line, const char *name, const char *path,
               const char *reason)
{
    gboolean whole = path != NULL && *path != '\0';
    LintRuleId rule = find_rule (name);
    g_autofree char *shown = whole ? error_quote (path) : NULL;
    LintException *exception;

    if (rule == LINT_RULES) {
        g_autofree char *known = list_rules ();

        lint_add (lint, LINT_EXCEPTION, place,
                  "there is no rule '%s' that could be allowed; there "
                  "are %s",
                  name, known);
        return;
    }
    if (reason == NULL || *reason == '\0') {
        lint_add (lint, LINT_EXCEPTION, place, "no reason is given for allowing '%s'", name);
        return;
    }
    if (whole && (strcmp (place->file, lint->release->file) != 0 || !is_carried (lint, path))) {
        lint_add (lint, LINT_EXCEPTION, place,
                  "'%s' is no file that is carried, or is not named "
                  "in release.yaml",
                  shown);
        return;
    }
    exception = g_new0 (LintException, 1);
    exception->file = error_quote (whole ? path : place->file);
    exception->line = whole ? 0 : line;
    exception->rule = rule;
    exception->reason = error_quote (reason);
    exception->place = *place;
    g_ptr_array_add (lint->exceptions, exception);
}

/* Without what ends a comment in some languages, and the blanks around it. */
static void
drop_end (char *rest)
{
    static const char *const ends[] = { "-->", "*/", "#}" };

    g_strchomp (rest);
    for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
        if (g_str_has_suffix (rest, ends[i])) {
            rest[strlen (rest) - strlen (ends[i])] = '\0';
            g_strchomp (rest);
            return;
        }
}

static void
read_words (Lint *lint, const LintPlace *place, guint line, char *rest)
{
    g_autoptr (GRegex) regex = g_regex_new (WORDS, G_REGEX_RAW, 0, NULL);
    g_autoptr (GMatchInfo) match = NULL;
    g_autofree char *name = NULL, *path = NULL, *reason = NULL;

    drop_end (rest);
    if (!g_regex_match (regex, rest, 0, &match)) {
        lint_add (lint, LINT_EXCEPTION, place, "'handcarry: allow' names no rule");
        return;
    }
    name = g_match_info_fetch (match, 1);
    path = g_match_info_fetch (match, 2);
    if (path != NULL)
        g_strchomp (path);
    reason = g_match_info_fetch (match, 3);
    add_exception (lint, place, line, name, path, reason);
}

void
lint_allow_read (Lint *lint, const char *path, const char *text)
{
    g_autoptr (GRegex) mark = NULL;
    g_autoptr (GMatchInfo) match = NULL;
    guint line = 1;
    gint seen = 0;

    if (strstr (text, "handcarry:") == NULL)
        return;
    mark = g_regex_new (MARK, G_REGEX_RAW, 0, NULL);
    g_regex_match (mark, text, 0, &match);
    for (; g_match_info_matches (match); g_match_info_next (match, NULL)) {
        g_autofree char *rest = g_match_info_fetch (match, 1);
        LintPlace place = { .file = path };
        gint start;

        g_match_info_fetch_pos (match, 0, &start, NULL);
        for (; seen < start; seen++)
            line += text[seen] == '\n';
        place.line = line;
        for (; start > 0 && text[start - 1] != '\n'; start--)
            place.column++;
        place.column++;
        read_words (lint, &place, line_meant (text, (gsize)seen, line, mark), rest);
    }
}

static gboolean
allows (const LintException *exception, const LintFinding *finding)
{
    return exception->rule == finding->rule && strcmp (exception->file, finding->file) == 0 &&
           (exception->line == 0 ||
            (exception->line >= finding->first && exception->line <= finding->line));
}

void
lint_allow_apply (Lint *lint)
{
    for (guint i = 0; i < lint->findings->len; i++) {
        LintFinding *finding = lint->findings->pdata[i];

        for (guint j = 0; j < lint->exceptions->len; j++) {
            LintException *exception = lint->exceptions->pdata[j];

            if (!allows (exception, finding))
                continue;
            exception->used = TRUE;
            if (finding->reason == NULL)
                finding->reason = g_strdup (exception->reason);
        }
    }
    for (guint j = 0; j < lint->exceptions->len; j++) {
        const LintException *exception = lint->exceptions->pdata[j];

        if (!exception->used)
            lint_add (lint, LINT_EXCEPTION, &exception->place,
                      "nothing here breaks the rule '%s' that is allowed",
                      lint_rule (exception->rule)->name);
    }
}
