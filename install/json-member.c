/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/json-member.h"

const char *
json_member_string (JsonObject *object, const char *name)
{
    JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;

    if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) ||
        json_node_get_value_type (node) != G_TYPE_STRING)
        return NULL;
    return json_node_get_string (node);
}

JsonObject *
json_member_object (JsonObject *object, const char *name)
{
    JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;

    return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

JsonArray *
json_member_array (JsonObject *object, const char *name)
{
    JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;

    return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

gboolean
json_member_boolean (JsonObject *object, const char *name)
{
    JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;

    return node != NULL && JSON_NODE_HOLDS_VALUE (node) &&
           json_node_get_value_type (node) == G_TYPE_BOOLEAN && json_node_get_boolean (node);
}

gint64
json_member_integer (JsonObject *object, const char *name)
{
    JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;

    if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) ||
        json_node_get_value_type (node) != G_TYPE_INT64)
        return 0;
    return json_node_get_int (node);
}

guint64
json_member_count (JsonObject *object, const char *name)
{
    return (guint64)MAX (json_member_integer (object, name), 0);
}

static JsonNode *
element (JsonArray *array, guint i)
{
    return array != NULL && i < json_array_get_length (array) ? json_array_get_element (array, i)
                                                              : NULL;
}

const char *
json_member_string_at (JsonArray *array, guint i)
{
    JsonNode *node = element (array, i);

    if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) ||
        json_node_get_value_type (node) != G_TYPE_STRING)
        return NULL;
    return json_node_get_string (node);
}

JsonObject *
json_member_object_at (JsonArray *array, guint i)
{
    JsonNode *node = element (array, i);

    return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

void
json_member_set_text (JsonObject *object, const char *name, const char *text)
{
    if (text != NULL)
        json_object_set_string_member (object, name, text);
}

void
json_member_set_digest (JsonObject *object, const char *name, const Digest *digest)
{
    g_autofree char *text = digest_to_text (digest);

    json_object_set_string_member (object, name, text);
}

void
json_member_set_texts (JsonObject *object, const char *name, const GPtrArray *texts)
{
    JsonArray *array = json_array_new ();

    for (guint i = 0; i < texts->len; i++)
        json_array_add_string_element (array, texts->pdata[i]);
    json_object_set_array_member (object, name, array);
}
