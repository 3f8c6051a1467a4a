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
