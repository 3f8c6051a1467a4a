/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/yaml.h"

#include <string.h>

#define PLAIN_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/+@:-"

typedef struct {
    gboolean list;
    gboolean after_key; /* "key:" stands before it on the line, else "- " */
    guint indent;
    guint entries;
} Level;

struct YamlWriter {
    GString *out;
    GArray *levels;
};

static Level *
top (YamlWriter *writer)
{
    g_assert (writer->levels->len > 0);
    return &g_array_index (writer->levels, Level, writer->levels->len - 1);
}

YamlWriter *
yaml_writer_new (const char *type_line)
{
    YamlWriter *writer = g_new0 (YamlWriter, 1);
    Level root = { .entries = 1 };

    writer->out = g_string_new (type_line);
    g_string_append_c (writer->out, '\n');
    writer->levels = g_array_new (FALSE, FALSE, sizeof (Level));
    g_array_append_val (writer->levels, root);
    return writer;
}

/* Brings the line to where the next entry of the innermost level begins. The first entry of a map
 * or list inside a list stands on the line of its "- ". */
static void
begin_entry (YamlWriter *writer)
{
    Level *level = top (writer);

    if (level->entries == 0 && level->after_key)
        g_string_append_c (writer->out, '\n');
    if (level->entries > 0 || level->after_key)
        for (guint i = 0; i < level->indent; i++)
            g_string_append_c (writer->out, ' ');
    level->entries++;
}

/* Before a value: a space after "key:", or "- " in a list. */
static void
begin_scalar (YamlWriter *writer)
{
    if (top (writer)->list) {
        begin_entry (writer);
        g_string_append (writer->out, "- ");
    } else {
        g_string_append_c (writer->out, ' ');
    }
}

static void
push (YamlWriter *writer, gboolean list)
{
    Level level = { .list = list, .after_key = !top (writer)->list };

    if (top (writer)->list) {
        begin_entry (writer);
        g_string_append (writer->out, "- ");
    }
    level.indent = top (writer)->indent + 2;
    g_array_append_val (writer->levels, level);
}

static void
pop (YamlWriter *writer, gboolean list)
{
    Level level = *top (writer);

    g_assert (level.list == list);
    g_array_set_size (writer->levels, writer->levels->len - 1);
    if (level.entries == 0)
        g_string_append_printf (writer->out, "%s%s\n", level.after_key ? " " : "",
                                list ? "[]" : "{}");
}

void
yaml_writer_key (YamlWriter *writer, const char *key)
{
    g_assert (!top (writer)->list);
    begin_entry (writer);
    g_string_append (writer->out, key);
    g_string_append_c (writer->out, ':');
}

/* Plain only where every YAML reader, also one that knows 1.1's booleans, numbers and dates, takes
 * it for a string. */
static gboolean
is_plain (const char *text)
{
    static const char *const words[] = {
        "true", "false", "yes", "no", "on", "off", "null", "y", "n"
    };

    if (!g_ascii_isalpha (*text) && *text != '/')
        return FALSE;
    if (text[strspn (text, PLAIN_CHARACTERS)] != '\0' || g_str_has_suffix (text, ":"))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
        if (g_ascii_strcasecmp (text, words[i]) == 0)
            return FALSE;
    return TRUE;
}

static void
append_quoted (GString *out, const char *text)
{
    g_string_append_c (out, '"');
    for (; *text != '\0'; text = g_utf8_next_char (text)) {
        gunichar c = g_utf8_get_char (text);

        if (c == '"' || c == '\\')
            g_string_append_printf (out, "\\%c", (char)c);
        else if (c == '\n')
            g_string_append (out, "\\n");
        else if (c == '\t')
            g_string_append (out, "\\t");
        else
            g_string_append_unichar (out, c);
    }
    g_string_append_c (out, '"');
}

void
yaml_writer_text (YamlWriter *writer, const char *text)
{
    begin_scalar (writer);
    if (is_plain (text))
        g_string_append (writer->out, text);
    else
        append_quoted (writer->out, text);
    g_string_append_c (writer->out, '\n');
}

void
yaml_writer_word (YamlWriter *writer, const char *word)
{
    begin_scalar (writer);
    g_string_append_printf (writer->out, "%s\n", word);
}

void
yaml_writer_number (YamlWriter *writer, guint64 number)
{
    begin_scalar (writer);
    g_string_append_printf (writer->out, "%" G_GUINT64_FORMAT "\n", number);
}

void
yaml_writer_begin_map (YamlWriter *writer)
{
    push (writer, FALSE);
}

void
yaml_writer_end_map (YamlWriter *writer)
{
    pop (writer, FALSE);
}

void
yaml_writer_begin_list (YamlWriter *writer)
{
    push (writer, TRUE);
}

void
yaml_writer_end_list (YamlWriter *writer)
{
    pop (writer, TRUE);
}

GBytes *
yaml_writer_finish (YamlWriter *writer)
{
    GBytes *bytes;

    g_assert (writer->levels->len == 1);
    bytes = g_string_free_to_bytes (writer->out);
    g_array_unref (writer->levels);
    g_free (writer);
    return bytes;
}

void
yaml_writer_pair (YamlWriter *writer, const char *key, const char *text)
{
    if (text == NULL)
        return;
    yaml_writer_key (writer, key);
    yaml_writer_text (writer, text);
}

void
yaml_writer_number_pair (YamlWriter *writer, const char *key, guint64 number)
{
    yaml_writer_key (writer, key);
    yaml_writer_number (writer, number);
}

void
yaml_writer_digest_pair (YamlWriter *writer, const char *key, const Digest *digest)
{
    g_autofree char *text = digest_to_text (digest);

    yaml_writer_pair (writer, key, text);
}
