/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/engine-json.h"

#include "bundle/strictjson.h"
#include "manifest/error.h"

/* An engine that answers with something else is no damaged file: the class is another. */
JsonNode *
engine_json_parse (GBytes *text, const char *what, GError **error)
{
    g_autoptr (GError) local = NULL;
    JsonNode *node = strictjson_parse (text, what, &local);

    if (node == NULL)
        fail (error, ERR_ENGINE, "the engine's answer cannot be read: %s", local->message);
    return node;
}

JsonNode *
engine_json_parse_one (GBytes *body, const char *what, JsonNodeType type, GError **error)
{
    g_autoptr (JsonNode) node = engine_json_parse (body, what, error);

    if (node == NULL)
        return NULL;
    if (json_node_get_node_type (node) != type)
        return fail_null (error, ERR_ENGINE, "%s: the engine answers with something else", what);
    return g_steal_pointer (&node);
}

const char *
engine_json_string (JsonObject *object, const char *name)
{
    JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;

    if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) ||
        json_node_get_value_type (node) != G_TYPE_STRING)
        return NULL;
    return json_node_get_string (node);
}

JsonObject *
engine_json_object (JsonObject *object, const char *name)
{
    JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;

    return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

JsonArray *
engine_json_array (JsonObject *object, const char *name)
{
    JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;

    return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

gboolean
engine_json_boolean (JsonObject *object, const char *name)
{
    JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;

    return node != NULL && JSON_NODE_HOLDS_VALUE (node) &&
           json_node_get_value_type (node) == G_TYPE_BOOLEAN && json_node_get_boolean (node);
}

guint64
engine_json_count (JsonObject *object, const char *name)
{
    JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;

    if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) ||
        json_node_get_value_type (node) != G_TYPE_INT64)
        return 0;
    return (guint64)MAX (json_node_get_int (node), 0);
}

const char *
engine_json_string_at (JsonArray *array, guint i)
{
    JsonNode *node = json_array_get_element (array, i);

    if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
        return NULL;
    return json_node_get_string (node);
}

JsonObject *
engine_json_object_at (JsonArray *array, guint i)
{
    JsonNode *node = json_array_get_element (array, i);

    return JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}
