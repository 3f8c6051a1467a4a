/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

/* JSON from outside. json-glib takes comments, single quotes and any depth, and the last of two
 * equal keys; the engines do not, so a text is first held to RFC 8259: UTF-8, one value, no
 * duplicate keys, no U+0000, at most LIMIT_JSON_BYTES, 64 levels and
 * 3,000,000 values. name is for messages. */
JsonNode *strictjson_parse (GBytes *text, const char *name,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same with another limit. */
JsonNode *strictjson_parse_within (GBytes *text, const char *name, gsize limit,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same where the value must be an object; borrowed from *root, which the caller frees. */
JsonObject *strictjson_parse_object (GBytes *text, const char *name, JsonNode **root,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Getters give NULL in *out for an absent (or null) member and fail for one of another type. A key
 * that differs in case only is refused: Go's decoder would take it. Results are borrowed. */
gboolean strictjson_string (JsonObject *object, const char *key, const char *name, const char **out,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean strictjson_object (JsonObject *object, const char *key, const char *name, JsonObject **out,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean strictjson_array (JsonObject *object, const char *key, const char *name, JsonArray **out,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A number that must be there, whole and not negative. */
gboolean strictjson_size (JsonObject *object, const char *key, const char *name, guint64 *out,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Element i of an array, of the one type. */
gboolean strictjson_string_at (JsonArray *array, guint i, const char *name, const char **out,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean strictjson_object_at (JsonArray *array, guint i, const char *name, JsonObject **out,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes a quoted JSON string. */
void strictjson_append (GString *out, const char *text);
