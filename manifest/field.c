/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/field.h"

#include "manifest/digest.h"
#include "manifest/error.h"
#include "manifest/limits.h"
#include "manifest/path.h"
#include "manifest/message.h"

#include <string.h>

#define LIMIT_TEXTS 1000

typedef struct {
    guint line, column; /* 0: the text as a whole */
    char *message;
} Problem;

static void
problem_clear (gpointer problem)
{
    g_free (((Problem *)problem)->message);
}

void
field_reader_init (FieldReader *reader, const char *name, gboolean sealed)
{
    *reader = (FieldReader){ .name = name, .sealed = sealed };
    reader->problems = g_array_new (FALSE, FALSE, sizeof (Problem));
    g_array_set_clear_func (reader->problems, problem_clear);
}

void
field_reader_clear (FieldReader *reader)
{
    g_clear_pointer (&reader->problems, g_array_unref);
}

void
field_problem (FieldReader *reader, const YamlNode *node, const char *format, ...)
{
    Problem problem = { 0 };
    va_list args;

    va_start (args, format);
    problem.message = message_vprintf (format, args);
    va_end (args);
    if (node != NULL) {
        problem.line = node->line;
        problem.column = node->column;
    }
    g_array_append_val (reader->problems, problem);
}

static int
compare_problems (gconstpointer a, gconstpointer b)
{
    const Problem *one = a, *other = b;

    if (one->line != other->line)
        return one->line < other->line ? -1 : 1;
    if (one->column != other->column)
        return one->column < other->column ? -1 : 1;
    return strcmp (one->message, other->message);
}

static char *
format_problem (const FieldReader *reader, const Problem *problem)
{
    if (problem->line == 0)
        return message_printf ("%s: %s", reader->name, problem->message);
    return message_printf ("%s:%u:%u: %s", reader->name, problem->line, problem->column,
                           problem->message);
}

gboolean
field_reader_finish (FieldReader *reader, GPtrArray *all, GError **error)
{
    g_autofree char *first = NULL;

    if (reader->problems->len == 0)
        return TRUE;
    g_array_sort (reader->problems, compare_problems);
    for (guint i = 0; all != NULL && i < reader->problems->len; i++)
        g_ptr_array_add (all,
                         format_problem (reader, &g_array_index (reader->problems, Problem, i)));
    first = format_problem (reader, &g_array_index (reader->problems, Problem, 0));
    return fail (error, ERR_FORMAT, "%s", first);
}

/* "handcarry-…: " and a number that is not ours. */
static gboolean
is_other_version (const char *data, gsize length, const char *line)
{
    gsize kind = (gsize)(strchr (line, ' ') - line) + 1;
    gsize at = kind;

    if (length <= kind || memcmp (data, line, kind) != 0)
        return FALSE;
    while (at < length && g_ascii_isdigit (data[at]))
        at++;
    return at > kind && at < length && data[at] == '\n';
}

gboolean
field_check_type_line (GBytes *text, const char *line, const char *name, GError **error)
{
    gsize length;
    const char *data = g_bytes_get_data (text, &length);

    if (length > strlen (line) && memcmp (data, line, strlen (line)) == 0 &&
        data[strlen (line)] == '\n')
        return TRUE;
    if (is_other_version (data, length, line))
        return fail (error, ERR_FORMAT,
                     "%s:1:1: made in a version of the format that this handcarry (%s) does not "
                     "read; it reads '%s'",
                     name, HANDCARRY_VERSION, line);
    return fail (error, ERR_FORMAT, "%s:1:1: the first line is not '%s'", name, line);
}

static const Field *
find_field (const FieldReader *reader, const Field *fields, const char *key)
{
    guint foreign = reader->sealed ? FIELD_AUTHORED : FIELD_SEALED;

    for (const Field *field = fields; field->key != NULL; field++)
        if (strcmp (field->key, key) == 0 && (field->flags & foreign) == 0)
            return field;
    return NULL;
}

static void
read_pair (FieldReader *reader, const YamlNode *key, const YamlNode *value, const Field *fields,
           gpointer target)
{
    const Field *field = find_field (reader, fields, key->text);
    g_autofree char *shown = error_quote (key->text);

    if (field == NULL && g_str_has_prefix (key->text, "x-"))
        return;
    if (field == NULL)
        field_problem (reader, key, "unknown key '%s'%s", shown,
                       reader->sealed ? "; a newer handcarry may know it" : "");
    else
        field->read (reader, value, (char *)target + field->offset);
}

const YamlNode *
field_find (const YamlNode *map, const char *key)
{
    for (guint i = 0; map->kind == YAML_NODE_MAP && i < map->keys->len; i++)
        if (strcmp (((const YamlNode *)map->keys->pdata[i])->text, key) == 0)
            return map->values->pdata[i];
    return NULL;
}

void
field_read_map (FieldReader *reader, const YamlNode *node, const Field *fields, gpointer target)
{
    guint needed = FIELD_REQUIRED | (reader->sealed ? FIELD_REQUIRED_SEALED : 0);
    guint foreign = reader->sealed ? FIELD_AUTHORED : FIELD_SEALED;

    if (node->kind != YAML_NODE_MAP) {
        field_problem (reader, node, "keys with values are expected here: {key: value}");
        return;
    }
    for (guint i = 0; i < node->keys->len; i++)
        read_pair (reader, node->keys->pdata[i], node->values->pdata[i], fields, target);
    for (const Field *field = fields; field->key != NULL; field++)
        if ((field->flags & needed) != 0 && (field->flags & foreign) == 0 &&
            field_find (node, field->key) == NULL)
            field_problem (reader, node, "the key '%s' is missing", field->key);
}

void
field_read_list (FieldReader *reader, const YamlNode *node, guint limit, FieldFunc func,
                 gpointer target)
{
    if (node->kind != YAML_NODE_LIST) {
        field_problem (reader, node,
                       "a list is expected here: [item, …] or lines that begin "
                       "with '- '");
        return;
    }
    if (node->values->len > limit) {
        field_problem (reader, node, "the list has %u items; at most %u fit", node->values->len,
                       limit);
        return;
    }
    for (guint i = 0; i < node->values->len; i++)
        func (reader, node->values->pdata[i], target);
}

const char *
field_free_text (FieldReader *reader, const YamlNode *node)
{
    if (node->kind != YAML_NODE_SCALAR) {
        field_problem (reader, node, "one value is expected here, not a %s",
                       node->kind == YAML_NODE_LIST ? "list" : "map");
        return NULL;
    }
    if (node->plain && (*node->text == '\0' || strcmp (node->text, "~") == 0 ||
                        g_ascii_strcasecmp (node->text, "null") == 0)) {
        field_problem (reader, node, "a value is missing here");
        return NULL;
    }
    if (strlen (node->text) > LIMIT_PATH_BYTES) {
        field_problem (reader, node, "the value has more than %d bytes", LIMIT_PATH_BYTES);
        return NULL;
    }
    return node->text;
}

const char *
field_scalar (FieldReader *reader, const YamlNode *node)
{
    const char *text = field_free_text (reader, node);

    if (text != NULL && *text == '\0') {
        field_problem (reader, node, "a value is missing here");
        return NULL;
    }
    if (text != NULL && strpbrk (text, "\n\t") != NULL) {
        field_problem (reader, node, "the value contains a line end or a tab");
        return NULL;
    }
    return text;
}

gboolean
field_check (FieldReader *reader, const YamlNode *node, const char *text,
             gboolean (*check) (const char *text, GError **error))
{
    g_autoptr (GError) error = NULL;

    if (check (text, &error))
        return TRUE;
    field_problem (reader, node, "%s", error->message);
    return FALSE;
}

void
field_text (FieldReader *reader, const YamlNode *node, gpointer target)
{
    const char *text = field_scalar (reader, node);

    if (text != NULL)
        *(char **)target = g_strdup (text);
}

/* Decimal digits and nothing else: no sign, no leading zero, no quotes, no 0x, 1_000 or 1e3. */
void
field_number (FieldReader *reader, const YamlNode *node, gpointer target)
{
    const char *text = field_scalar (reader, node);
    g_autofree char *shown = NULL;
    guint64 value;

    if (text == NULL)
        return;
    if (node->plain && (*text != '0' || text[1] == '\0') && g_ascii_isdigit (*text) &&
        g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64, &value, NULL)) {
        *(guint64 *)target = value;
        return;
    }
    shown = error_quote (text);
    field_problem (reader, node, "%s is not a number; write decimal digits only, up to 2^63-1",
                   shown);
}

void
field_flag (FieldReader *reader, const YamlNode *node, gpointer target)
{
    const char *text = field_scalar (reader, node);

    if (text == NULL)
        return;
    if (node->plain && (strcmp (text, "true") == 0 || strcmp (text, "false") == 0)) {
        *(gboolean *)target = *text == 't';
    } else {
        g_autofree char *shown = error_quote (text);
        field_problem (reader, node, "'%s' is neither true nor false", shown);
    }
}

static void
checked_text (FieldReader *reader, const YamlNode *node, char **target,
              gboolean (*check) (const char *text, GError **error))
{
    const char *text = field_scalar (reader, node);

    if (text != NULL && field_check (reader, node, text, check))
        *target = g_strdup (text);
}

void
field_product (FieldReader *reader, const YamlNode *node, gpointer target)
{
    checked_text (reader, node, target, path_check_product);
}

void
field_version (FieldReader *reader, const YamlNode *node, gpointer target)
{
    checked_text (reader, node, target, path_check_version);
}

void
field_digest (FieldReader *reader, const YamlNode *node, gpointer target)
{
    const char *text = field_scalar (reader, node);
    g_autoptr (GError) error = NULL;

    if (text != NULL && !digest_parse (text, target, &error))
        field_problem (reader, node, "%s", error->message);
}

static void
add_text (FieldReader *reader, const YamlNode *node, gpointer target)
{
    const char *text = field_scalar (reader, node);

    if (text != NULL)
        g_ptr_array_add (target, g_strdup (text));
}

void
field_texts (FieldReader *reader, const YamlNode *node, gpointer target)
{
    GPtrArray *texts = g_ptr_array_new ();

    field_read_list (reader, node, LIMIT_TEXTS, add_text, texts);
    g_ptr_array_add (texts, NULL);
    *(char ***)target = (char **)g_ptr_array_free (texts, FALSE);
}

void
field_ignore (FieldReader *reader, const YamlNode *node, gpointer target)
{
}
