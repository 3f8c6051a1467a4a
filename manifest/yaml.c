/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/yaml.h"

#include "manifest/error.h"
#include "manifest/limits.h"
#include "manifest/message.h"

#include <string.h>
#include <yaml.h>

/* State of one parse. at/index follow the start of the events through the text, so that the
 * character an event begins with can be looked at without counting from the front each time. */
typedef struct {
    const char *name;
    const char *text;
    const char *end;
    yaml_parser_t parser;
    const char *at;
    gsize index;
} Reader;

static YamlNode *parse_node (Reader *reader, const yaml_event_t *event, guint depth,
                             guint flow_depth, GError **error);

static void
event_clear (yaml_event_t *event)
{
    yaml_event_delete (event);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (yaml_event_t, event_clear)

static void
reader_clear (Reader *reader)
{
    yaml_parser_delete (&reader->parser);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reader, reader_clear)

static gboolean
fail_at (const char *name, gsize line, gsize column, GError **error, const char *message)
{
    return fail (error, ERR_FORMAT, "%s:%" G_GSIZE_FORMAT ":%" G_GSIZE_FORMAT ": %s", name, line,
                 column, message);
}

gboolean
yaml_fail (const YamlNode *node, const char *name, GError **error, const char *format, ...)
{
    g_autofree char *message = NULL;
    va_list args;

    va_start (args, format);
    message = message_vprintf (format, args);
    va_end (args);
    return fail_at (name, node->line, node->column, error, message);
}

void
yaml_node_free (YamlNode *node)
{
    if (node == NULL)
        return;
    g_free (node->text);
    g_clear_pointer (&node->keys, g_ptr_array_unref);
    g_clear_pointer (&node->values, g_ptr_array_unref);
    g_free (node);
}

/* What is wrong with a character anywhere in a text, or NULL. NEL, LS and PS end lines for libyaml
 * but not for people's editors, so that shown and used text would differ. */
static const char *
character_fault (gunichar c)
{
    switch (c) {
    case 0:
        return "a NUL byte";
    case '\r':
        return "a carriage return; lines must end with LF alone";
    case '\t':
        return "a tab; use spaces (in a quoted string: \\t)";
    case 0xfeff:
        return "a byte order mark; save the file as UTF-8 without one";
    case 0x85:
    case 0x2028:
    case 0x2029:
        return "a Unicode line separator; lines must end with LF alone";
    default:
        break;
    }
    if ((c < 0x20 && c != '\n') || (c >= 0x7f && c < 0xa0))
        return "a control character";
    if ((c & 0xfffe) == 0xfffe)
        return "a character that is none in Unicode";
    return NULL;
}

/* Refuses on the raw bytes what libyaml would accept or read in another encoding. */
static gboolean
check_characters (const char *text, gsize length, const char *name, GError **error)
{
    const char *end = text + length;
    gsize line = 1, column = 1;

    for (const char *p = text; p < end;) {
        gunichar c = *p == '\0' ? 0 : g_utf8_get_char_validated (p, end - p);
        const char *fault;

        if (c == (gunichar)-1 || c == (gunichar)-2)
            return fail_at (name, line, column, error, "the text is not valid UTF-8 here");
        fault = character_fault (c);
        if (fault != NULL) {
            g_autofree char *message = message_printf ("the text contains %s", fault);
            return fail_at (name, line, column, error, message);
        }
        column = c == '\n' ? 1 : column + 1;
        line += c == '\n';
        p = g_utf8_next_char (p);
    }
    return TRUE;
}

static gboolean
fail_mark (const Reader *reader, const yaml_mark_t *mark, GError **error, const char *message)
{
    return fail_at (reader->name, mark->line + 1, mark->column + 1, error, message);
}

static gboolean
fail_parser (const Reader *reader, GError **error)
{
    const yaml_parser_t *parser = &reader->parser;
    g_autofree char *message = NULL;

    if (parser->error == YAML_MEMORY_ERROR)
        g_error ("out of memory");
    message =
        message_printf ("not valid YAML: %s%s%s", parser->context != NULL ? parser->context : "",
                        parser->context != NULL ? ": " : "",
                        parser->problem != NULL ? parser->problem : "unknown problem");
    return fail_mark (reader, &parser->problem_mark, error, message);
}

static gboolean
next_event (Reader *reader, yaml_event_t *event, GError **error)
{
    if (!yaml_parser_parse (&reader->parser, event))
        return fail_parser (reader, error);
    return TRUE;
}

/* The first byte of an event, NUL for one at the very end (the empty value of a last "key:").
 * libyaml drops the tag "!" without a trace in the event, and the start of the event is where it
 * stood. */
static char
first_byte (Reader *reader, const yaml_mark_t *mark)
{
    if (mark->index < reader->index) {
        reader->at = reader->text;
        reader->index = 0;
    }
    for (; reader->index < mark->index && reader->at < reader->end; reader->index++)
        reader->at = g_utf8_next_char (reader->at);
    return reader->at < reader->end ? *reader->at : '\0';
}

static gboolean
check_plainness (Reader *reader, const yaml_event_t *event, const yaml_char_t *anchor,
                 const yaml_char_t *tag, GError **error)
{
    if (anchor != NULL)
        return fail_mark (reader, &event->start_mark, error, "anchors are not allowed");
    if (tag != NULL || first_byte (reader, &event->start_mark) == '!')
        return fail_mark (reader, &event->start_mark, error, "tags are not allowed");
    return TRUE;
}

YamlNode *
yaml_node_new (YamlKind kind, guint line, guint column)
{
    YamlNode *node = g_new0 (YamlNode, 1);

    node->kind = kind;
    node->line = line;
    node->column = column;
    if (kind != YAML_NODE_SCALAR)
        node->values = g_ptr_array_new_with_free_func ((GDestroyNotify)yaml_node_free);
    if (kind == YAML_NODE_MAP)
        node->keys = g_ptr_array_new_with_free_func ((GDestroyNotify)yaml_node_free);
    return node;
}

static YamlNode *
node_new (YamlKind kind, const yaml_event_t *event)
{
    return yaml_node_new (kind, (guint)event->start_mark.line + 1,
                          (guint)event->start_mark.column + 1);
}

/* Escapes in quoted strings can make characters that the text itself may not have. */
static const char *
value_fault (const char *value, gsize length)
{
    for (const char *p = value; p < value + length; p = g_utf8_next_char (p)) {
        gunichar c = *p == '\0' ? 0 : g_utf8_get_char (p);

        if (c != '\t' && character_fault (c) != NULL)
            return character_fault (c);
    }
    return NULL;
}

static YamlNode *
parse_scalar (Reader *reader, const yaml_event_t *event, GError **error)
{
    const char *value = (const char *)event->data.scalar.value;
    gsize length = event->data.scalar.length;
    YamlNode *node;

    if (!check_plainness (reader, event, event->data.scalar.anchor, event->data.scalar.tag, error))
        return NULL;
    if (value_fault (value, length) != NULL) {
        g_autofree char *message =
            message_printf ("the string contains %s", value_fault (value, length));
        fail_mark (reader, &event->start_mark, error, message);
        return NULL;
    }
    node = node_new (YAML_NODE_SCALAR, event);
    node->text = g_strndup (value, length);
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    return node;
}

static gboolean
check_depth (const Reader *reader, const yaml_event_t *event, guint depth, guint flow_depth,
             GError **error)
{
    g_autofree char *message = NULL;

    if (flow_depth > LIMIT_YAML_FLOW_DEPTH)
        message = message_printf ("[ ] and { } are nested deeper than %d", LIMIT_YAML_FLOW_DEPTH);
    else if (depth > LIMIT_YAML_DEPTH)
        message = message_printf ("lists and maps are nested deeper than %d", LIMIT_YAML_DEPTH);
    else
        return TRUE;
    return fail_mark (reader, &event->start_mark, error, message);
}

static YamlNode *
parse_list (Reader *reader, const yaml_event_t *start, guint depth, guint flow_depth,
            GError **error)
{
    g_autoptr (YamlNode) list = NULL;

    flow_depth += start->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
    if (!check_depth (reader, start, depth, flow_depth, error) ||
        !check_plainness (reader, start, start->data.sequence_start.anchor,
                          start->data.sequence_start.tag, error))
        return NULL;
    list = node_new (YAML_NODE_LIST, start);
    for (;;) {
        g_auto (yaml_event_t) event = { 0 };
        YamlNode *item;

        if (!next_event (reader, &event, error))
            return NULL;
        if (event.type == YAML_SEQUENCE_END_EVENT)
            return g_steal_pointer (&list);
        item = parse_node (reader, &event, depth, flow_depth, error);
        if (item == NULL)
            return NULL;
        g_ptr_array_add (list->values, item);
    }
}

static YamlNode *
parse_key (Reader *reader, const yaml_event_t *event, GHashTable *seen, GError **error)
{
    g_autoptr (YamlNode) key = NULL;

    if (event->type == YAML_SEQUENCE_START_EVENT || event->type == YAML_MAPPING_START_EVENT) {
        fail_mark (reader, &event->start_mark, error, "a key must be a word, not a list or map");
        return NULL;
    }
    key = parse_node (reader, event, 0, 0, error);
    if (key == NULL)
        return NULL;
    if (*key->text == '\0')
        return yaml_fail (key, reader->name, error, "a key is empty"), NULL;
    if (strcmp (key->text, "<<") == 0)
        return yaml_fail (key, reader->name, error, "merge keys are not allowed"), NULL;
    if (!g_hash_table_add (seen, key->text)) {
        g_autofree char *shown = error_quote (key->text);
        return yaml_fail (key, reader->name, error, "the key '%s' appears twice", shown), NULL;
    }
    return g_steal_pointer (&key);
}

static YamlNode *
parse_map (Reader *reader, const yaml_event_t *start, guint depth, guint flow_depth, GError **error)
{
    g_autoptr (YamlNode) map = NULL;
    g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

    flow_depth += start->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
    if (!check_depth (reader, start, depth, flow_depth, error) ||
        !check_plainness (reader, start, start->data.mapping_start.anchor,
                          start->data.mapping_start.tag, error))
        return NULL;
    map = node_new (YAML_NODE_MAP, start);
    for (;;) {
        g_auto (yaml_event_t) event = { 0 };
        g_auto (yaml_event_t) value_event = { 0 };
        YamlNode *node;

        if (!next_event (reader, &event, error))
            return NULL;
        if (event.type == YAML_MAPPING_END_EVENT)
            return g_steal_pointer (&map);
        node = parse_key (reader, &event, seen, error);
        if (node == NULL)
            return NULL;
        g_ptr_array_add (map->keys, node);
        if (!next_event (reader, &value_event, error))
            return NULL;
        node = parse_node (reader, &value_event, depth, flow_depth, error);
        if (node == NULL)
            return NULL;
        g_ptr_array_add (map->values, node);
    }
}

static YamlNode *
parse_node (Reader *reader, const yaml_event_t *event, guint depth, guint flow_depth,
            GError **error)
{
    if (event->type == YAML_SCALAR_EVENT)
        return parse_scalar (reader, event, error);
    if (event->type == YAML_SEQUENCE_START_EVENT)
        return parse_list (reader, event, depth + 1, flow_depth, error);
    if (event->type == YAML_MAPPING_START_EVENT)
        return parse_map (reader, event, depth + 1, flow_depth, error);
    fail_mark (reader, &event->start_mark, error,
               event->type == YAML_ALIAS_EVENT ? "aliases are not allowed"
                                               : "something other than a value is here");
    return NULL;
}

/* Stream start and document start; leaves the first event of the content in event. */
static gboolean
begin_document (Reader *reader, yaml_event_t *event, GError **error)
{
    g_auto (yaml_event_t) stream = { 0 };
    g_auto (yaml_event_t) document = { 0 };

    if (!next_event (reader, &stream, error) || !next_event (reader, &document, error))
        return FALSE;
    if (document.type != YAML_DOCUMENT_START_EVENT)
        return fail_at (reader->name, 1, 1, error, "the file is empty");
    if (document.data.document_start.version_directive != NULL ||
        document.data.document_start.tag_directives.start !=
            document.data.document_start.tag_directives.end)
        return fail_mark (reader, &document.start_mark, error,
                          "directives (lines that begin with %) are not allowed");
    return next_event (reader, event, error);
}

static gboolean
end_document (Reader *reader, GError **error)
{
    g_auto (yaml_event_t) document = { 0 };
    g_auto (yaml_event_t) stream = { 0 };

    if (!next_event (reader, &document, error) || !next_event (reader, &stream, error))
        return FALSE;
    if (stream.type != YAML_STREAM_END_EVENT)
        return fail_mark (reader, &stream.start_mark, error, "a second document begins here");
    return TRUE;
}

static YamlNode *
parse_document (Reader *reader, GError **error)
{
    g_auto (yaml_event_t) event = { 0 };
    g_autoptr (YamlNode) node = NULL;

    if (!begin_document (reader, &event, error))
        return NULL;
    node = parse_node (reader, &event, 0, 0, error);
    if (node == NULL || !end_document (reader, error))
        return NULL;
    return g_steal_pointer (&node);
}

YamlNode *
yaml_parse (GBytes *text, const char *name, GError **error)
{
    gsize length;
    const char *data = g_bytes_get_data (text, &length);
    g_auto (Reader) reader = { .name = name, .text = data, .at = data };

    if (!yaml_parser_initialize (&reader.parser))
        g_error ("out of memory");
    if (length == 0)
        return fail_at (name, 1, 1, error, "the file is empty"), NULL;
    reader.end = data + length;
    if (length > LIMIT_YAML_BYTES)
        return fail_null (error, ERR_FORMAT, "%s: has %" G_GSIZE_FORMAT " bytes; at most %d fit",
                          name, length, LIMIT_YAML_BYTES);
    if (!check_characters (data, length, name, error))
        return NULL;
    yaml_parser_set_encoding (&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string (&reader.parser, (const unsigned char *)data, length);
    return parse_document (&reader, error);
}
