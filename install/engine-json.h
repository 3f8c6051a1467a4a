/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <json-glib/json-glib.h>

/* JSON texts of the engine, for engine-reply.c. */

/* Every text passes strictjson; a failure is ERR_ENGINE. */
JsonNode *engine_json_parse (GBytes *text, const char *what,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same, and it must be of that type. */
JsonNode *engine_json_parse_one (GBytes *body, const char *what, JsonNodeType type,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Members by type: a member of another type counts as absent (NULL, FALSE, 0), for json-glib's own
 * getters abort the program under fatal warnings. object may be NULL. */
const char *engine_json_string (JsonObject *object, const char *name);
JsonObject *engine_json_object (JsonObject *object, const char *name);
JsonArray *engine_json_array (JsonObject *object, const char *name);
gboolean engine_json_boolean (JsonObject *object, const char *name);
guint64 engine_json_count (JsonObject *object, const char *name);
const char *engine_json_string_at (JsonArray *array, guint i);
JsonObject *engine_json_object_at (JsonArray *array, guint i);
