/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/yaml-loose.h"

#include "manifest/error.h"
#include "manifest/limits.h"

#include <string.h>
#include <yaml.h>

/* The lists and maps that are open, the innermost last; the key of a map waits for its value. */
typedef struct {
    YamlNode *documents;
    GPtrArray *open; /* YamlNode, borrowed */
} LooseReader;

static YamlNode *
node_new (YamlKind kind, const yaml_event_t *event)
{
    return yaml_node_new (kind, (guint)event->start_mark.line + 1,
                          (guint)event->start_mark.column + 1);
}

static YamlNode *
innermost (const LooseReader *reader)
{
    return reader->open->len > 0 ? reader->open->pdata[reader->open->len - 1] : reader->documents;
}

/* A key of a map is first put among its values, and moved once the next one comes. */
static void
attach (LooseReader *reader, YamlNode *node)
{
    YamlNode *parent = innermost (reader);
    YamlNode *key;

    if (parent->kind != YAML_NODE_MAP || parent->values->len == parent->keys->len) {
        g_ptr_array_add (parent->values, node);
        return;
    }
    key = parent->values->pdata[parent->keys->len];
    parent->values->pdata[parent->keys->len] = node;
    if (key->kind != YAML_NODE_SCALAR) {
        YamlNode *plain = g_new0 (YamlNode, 1);

        plain->line = key->line;
        plain->column = key->column;
        plain->text = g_strdup ("?");
        yaml_node_free (key);
        key = plain;
    }
    g_ptr_array_add (parent->keys, key);
}

static void
add_scalar (LooseReader *reader, const yaml_event_t *event)
{
    YamlNode *node = node_new (YAML_NODE_SCALAR, event);

    if (event->type == YAML_ALIAS_EVENT) {
        node->text = g_strdup (YAML_LOOSE_ALIAS);
    } else {
        node->text = g_strndup ((const char *)event->data.scalar.value, event->data.scalar.length);
        node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    }
    attach (reader, node);
}

static gboolean
begin_nested (LooseReader *reader, const yaml_event_t *event)
{
    YamlNode *node =
        node_new (event->type == YAML_MAPPING_START_EVENT ? YAML_NODE_MAP : YAML_NODE_LIST, event);

    attach (reader, node);
    g_ptr_array_add (reader->open, node);
    return reader->open->len <= LIMIT_YAML_LOOSE_DEPTH;
}

/* FALSE where it is nested too deep. */
static gboolean
take_event (LooseReader *reader, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return begin_nested (reader, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        g_ptr_array_set_size (reader->open, (gint)reader->open->len - 1);
        return TRUE;
    case YAML_SCALAR_EVENT:
    case YAML_ALIAS_EVENT:
        add_scalar (reader, event);
        return TRUE;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return TRUE;
    }
    return TRUE;
}

static gboolean
read_documents (LooseReader *reader, yaml_parser_t *parser, const char *name, GError **error)
{
    yaml_event_t event;
    gboolean ended = FALSE;

    while (!ended) {
        gboolean taken;
        guint line;

        if (!yaml_parser_parse (parser, &event))
            return fail (error, ERR_FORMAT, "%s:%u:%u: not valid YAML: %s", name,
                         (guint)parser->problem_mark.line + 1,
                         (guint)parser->problem_mark.column + 1,
                         parser->problem != NULL ? parser->problem : "unknown problem");
        ended = event.type == YAML_STREAM_END_EVENT;
        line = (guint)event.start_mark.line + 1;
        taken = take_event (reader, &event);
        yaml_event_delete (&event);
        if (!taken)
            return fail (error, ERR_FORMAT, "%s:%u:1: lists and maps are nested deeper than %d",
                         name, line, LIMIT_YAML_LOOSE_DEPTH);
    }
    return TRUE;
}

YamlNode *
yaml_parse_loose (GBytes *text, const char *name, GError **error)
{
    g_autoptr (YamlNode) documents = g_new0 (YamlNode, 1);
    g_autoptr (GPtrArray) open = g_ptr_array_new ();
    LooseReader reader = { documents, open };
    yaml_parser_t parser;
    gsize size;
    const guint8 *bytes = g_bytes_get_data (text, &size);
    gboolean read;

    documents->kind = YAML_NODE_LIST;
    documents->values = g_ptr_array_new_with_free_func ((GDestroyNotify)yaml_node_free);
    if (!yaml_parser_initialize (&parser))
        g_error ("out of memory");
    yaml_parser_set_input_string (&parser, bytes != NULL ? bytes : (const guint8 *)"", size);
    read = read_documents (&reader, &parser, name, error);
    yaml_parser_delete (&parser);
    return read ? g_steal_pointer (&documents) : NULL;
}
