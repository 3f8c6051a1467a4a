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
