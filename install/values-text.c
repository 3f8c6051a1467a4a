/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/values-text.h"

#include "manifest/error.h"
#include "manifest/message.h"
#include "manifest/yaml.h"

#include <string.h>

#define OURS "#|"

const ReleaseValue *
values_text_declared (const Release *release, const char *name)
{
    for (guint i = 0; i < release->values->len; i++) {
        const ReleaseValue *value = release->values->pdata[i];

        if (strcmp (value->name, name) == 0)
            return value;
    }
    return NULL;
}

/* "name: text" of YAML, ending in LF. Caller frees. */
static char *
yaml_line (const char *name, const char *text)
{
    YamlWriter *writer = yaml_writer_new ("#");
    g_autoptr (GBytes) line = NULL;
    gsize length;
    const char *bytes;

    yaml_writer_pair (writer, name, text);
    line = yaml_writer_finish (writer);
    bytes = g_bytes_get_data (line, &length);
    return g_strndup (bytes + 2, length - 2); /* behind the type line */
}

/* Takes text, of one line or several. */
static void
add_comment (GString *out, char *text)
{
    g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

    for (char **line = lines; *line != NULL; line++)
        g_string_append_printf (out, OURS "%s%s\n", **line != '\0' ? " " : "", *line);
    g_free (text);
}

static void
append_about (GString *out, const char *name, const ReleaseValue *value, gboolean is_set)
{
    g_autofree char *about =
        value != NULL && value->description != NULL ? error_quote (value->description) : NULL;

    g_string_append (out, OURS "\n");
    if (value == NULL) {
        add_comment (out, message_show ("%s: not declared by this release", name));
        return;
    }
    g_string_append_printf (out, OURS " %s%s%s\n", name, about != NULL ? ": " : "",
                            about != NULL ? about : "");
    if (value->secret)
        add_comment (out, message_show ("  a secret"));
    if (value->fallback != NULL) {
        g_autofree char *line = yaml_line ("default", value->fallback);

        g_string_append_printf (out, OURS "   %s", line);
    } else if (!is_set) {
        add_comment (out, message_show ("  MISSING: this release has no default for it"));
    }
}

static void
append_header (GString *out, const Release *release)
{
    add_comment (out, message_show ("Values of this host for %s %s, release %" G_GUINT64_FORMAT ".",
                                    release->product, release->version, release->release));
    add_comment (out, message_show ("Lines like this one are not kept. What can be written:\n"
                                    "  name: text\n"
                                    "  name: \"text with: special characters\"\n"
                                    "  name: {file: /path}\n"
                                    "  name: {command: [/program, argument]}\n"
                                    "'name:' alone sets nothing."));
}

static const ValueGiven *
given_at (GPtrArray *given, guint line)
{
    for (guint i = 0; i < given->len; i++) {
        const ValueGiven *one = given->pdata[i];

        if (one->line == line)
            return one;
    }
    return NULL;
}

static gboolean
has_line (GPtrArray *given, const char *name)
{
    for (guint i = 0; i < given->len; i++) {
        const ValueGiven *one = given->pdata[i];

        if (strcmp (one->name, name) == 0)
            return TRUE;
    }
    return FALSE;
}

static void
append_kept (GString *out, const char *text, GPtrArray *given, const Release *release)
{
    g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        const ValueGiven *one = given_at (given, i + 1);

        if (one != NULL)
            append_about (out, one->name, values_text_declared (release, one->name),
                          one->kind != VALUE_UNSET);
        if (lines[i + 1] != NULL || *lines[i] != '\0')
            g_string_append_printf (out, "%s\n", lines[i]);
    }
}

/* Of an empty file the bytes are NULL. */
static char *
text_of (GBytes *bytes)
{
    gsize length = 0;
    const char *text = bytes != NULL ? g_bytes_get_data (bytes, &length) : NULL;

    return text != NULL ? g_strndup (text, length) : g_strdup ("");
}

/* Where that is no values file, a person sees it as it is. */
static GPtrArray *
parse_or_nothing (const char *text)
{
    g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
    GPtrArray *given = values_file_parse (bytes, "", NULL);

    return given != NULL ? given : g_ptr_array_new ();
}

char *
values_text_prefill (GBytes *bytes, const Release *release)
{
    g_autofree char *text = text_of (bytes);
    g_autoptr (GPtrArray) given = parse_or_nothing (text);
    g_autoptr (GBytes) whole = NULL;
    g_autoptr (GPtrArray) again = NULL;
    GString *out = g_string_new (NULL);
    gsize kept;

    append_header (out, release);
    append_kept (out, text, given, release);
    kept = out->len;
    for (guint i = 0; i < release->values->len; i++) {
        const ReleaseValue *value = release->values->pdata[i];

        if (has_line (given, value->name))
            continue;
        append_about (out, value->name, value, FALSE);
        g_string_append_printf (out, "%s:\n", value->name);
    }
    /* "{a: b}" and "..." take no further line. */
    whole = g_bytes_new (out->str, out->len);
    again = values_file_parse (whole, "", NULL);
    if (again == NULL)
        g_string_truncate (out, kept);
    return g_string_free (out, FALSE);
}

static gboolean
same (const ValueGiven *one, const ValueGiven *other)
{
    if (one->kind != other->kind || g_strcmp0 (one->text, other->text) != 0)
        return FALSE;
    return one->command == NULL ||
           g_strv_equal ((const char *const *)one->command, (const char *const *)other->command);
}

GPtrArray *
values_text_changed (GPtrArray *before, GPtrArray *after)
{
    GPtrArray *names = g_ptr_array_new_with_free_func (g_free);

    for (guint i = 0; i < after->len; i++) {
        const ValueGiven *now = values_file_find (after, ((ValueGiven *)after->pdata[i])->name);
        const ValueGiven *then = now != NULL ? values_file_find (before, now->name) : NULL;

        if (now != NULL && (then == NULL || !same (now, then)))
            g_ptr_array_add (names, g_strdup (now->name));
    }
    for (guint i = 0; i < before->len; i++) {
        const ValueGiven *then = before->pdata[i];

        if (then->kind != VALUE_UNSET && values_file_find (after, then->name) == NULL)
            g_ptr_array_add (names, g_strdup (then->name));
    }
    return names;
}

GBytes *
values_text_strip (GBytes *bytes)
{
    g_autofree char *text = text_of (bytes);
    g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
    g_autoptr (GPtrArray) before = values_file_parse (bytes, "", NULL), after = NULL;
    g_autoptr (GPtrArray) changed = NULL;
    g_autoptr (GBytes) stripped = NULL;
    GString *out = g_string_new (NULL);

    for (guint i = 0; lines[i] != NULL; i++)
        if (!g_str_has_prefix (lines[i], OURS))
            g_string_append_printf (out, "%s%s", lines[i], lines[i + 1] != NULL ? "\n" : "");
    stripped = g_string_free_to_bytes (out);
    if (before == NULL)
        return g_bytes_ref (bytes);
    after = values_file_parse (stripped, "", NULL);
    changed = after != NULL ? values_text_changed (before, after) : NULL;
    /* A text of several lines may have one that begins so. */
    return g_bytes_ref (changed != NULL && changed->len == 0 ? stripped : bytes);
}

/* The lines of a value: from its own to the next one's, without comments and empty lines at the
 * end. *end is the first line after it; both from 0. */
static void
find_lines (GPtrArray *given, const char *name, char **lines, guint *begin, guint *end)
{
    guint count = g_strv_length (lines);

    /* What comes last in a text that ends in LF is no line. */
    *begin = *end = count > 0 && *lines[count - 1] == '\0' ? count - 1 : count;
    for (guint i = 0; i < given->len; i++) {
        const ValueGiven *one = given->pdata[i];

        if (strcmp (one->name, name) == 0)
            *begin = one->line - 1;
    }
    for (guint i = 0; i < given->len; i++) {
        const ValueGiven *one = given->pdata[i];

        if (one->line - 1 > *begin)
            *end = MIN (*end, one->line - 1);
    }
    while (*end > *begin + 1 && (*lines[*end - 1] == '\0' || *lines[*end - 1] == '#'))
        (*end)--;
}

/* Does text say what given does, but for this name, which has value? */
static gboolean
is_set_so (GBytes *text, GPtrArray *given, const char *name, const char *value)
{
    g_autoptr (GPtrArray) now = values_file_parse (text, "", NULL);
    g_autoptr (GPtrArray) changed = now != NULL ? values_text_changed (given, now) : NULL;
    const ValueGiven *one = now != NULL ? values_file_find (now, name) : NULL;

    if (changed == NULL || (one == NULL) != (value == NULL))
        return FALSE;
    if (one != NULL && (one->kind != VALUE_TEXT || strcmp (one->text, value) != 0))
        return FALSE;
    return changed->len == 0 || (changed->len == 1 && strcmp (changed->pdata[0], name) == 0);
}

GBytes *
values_text_set (GBytes *bytes, const char *name, const char *value, const char *path,
                 GError **error)
{
    g_autofree char *text = text_of (bytes);
    g_autoptr (GBytes) old = g_bytes_new (text, strlen (text)), new = NULL;
    g_autoptr (GPtrArray) given = values_file_parse (old, path, error);
    g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
    g_autofree char *line = value != NULL ? yaml_line (name, value) : g_strdup ("");
    GString *out = g_string_new (NULL);
    guint begin, end;

    if (given == NULL)
        return g_string_free (out, TRUE), NULL;
    find_lines (given, name, lines, &begin, &end);
    for (guint i = 0; lines[i] != NULL; i++) {
        if (i == begin)
            g_string_append (out, line);
        if ((i < begin || i >= end) && (lines[i + 1] != NULL || *lines[i] != '\0'))
            g_string_append_printf (out, "%s\n", lines[i]);
    }
    if (begin == g_strv_length (lines))
        g_string_append (out, line);
    new = g_string_free_to_bytes (out);
    explicit_bzero (line, strlen (line));
    if (is_set_so (new, given, name, value))
        return g_steal_pointer (&new);
    return fail_null (error, ERR_FORMAT,
                      "'%s' is not written line by line, so '%s' cannot be set in it; edit it",
                      path, name);
}

GPtrArray *
values_text_missing (GPtrArray *given, const Release *release)
{
    GPtrArray *names = g_ptr_array_new ();

    for (guint i = 0; i < release->values->len; i++) {
        const ReleaseValue *value = release->values->pdata[i];

        if (value->fallback == NULL && values_file_find (given, value->name) == NULL)
            g_ptr_array_add (names, value->name);
    }
    return names;
}

GPtrArray *
values_text_unknown (GPtrArray *given, const Release *release)
{
    GPtrArray *names = g_ptr_array_new ();

    for (guint i = 0; i < given->len; i++) {
        const ValueGiven *one = given->pdata[i];

        if (one->kind != VALUE_UNSET && values_text_declared (release, one->name) == NULL)
            g_ptr_array_add (names, one->name);
    }
    return names;
}
