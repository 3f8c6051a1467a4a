/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/digest.h"

#include <json-glib/json-glib.h>

/* Members of JSON objects that the host side reads and writes: engine answers, journal, receipts.
 */

/* By type: a member of another type counts as absent (NULL, FALSE, 0), for json-glib's own getters
 * abort the program under fatal warnings. object may be NULL. */
const char *json_member_string (JsonObject *object, const char *name);
JsonObject *json_member_object (JsonObject *object, const char *name);
JsonArray *json_member_array (JsonObject *object, const char *name);
gboolean json_member_boolean (JsonObject *object, const char *name);
gint64 json_member_integer (JsonObject *object, const char *name);
/* A negative one counts as absent. */
guint64 json_member_count (JsonObject *object, const char *name);
/* NULL where array is NULL or shorter. */
const char *json_member_string_at (JsonArray *array, guint i);
JsonObject *json_member_object_at (JsonArray *array, guint i);

/* Leaves the member out where text is NULL. */
void json_member_set_text (JsonObject *object, const char *name, const char *text);
void json_member_set_digest (JsonObject *object, const char *name, const Digest *digest);
/* A list of the array's char *. */
void json_member_set_texts (JsonObject *object, const char *name, const GPtrArray *texts);
