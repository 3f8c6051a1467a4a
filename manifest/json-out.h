/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/digest.h"

#include <glib.h>
#include <json-glib/json-glib.h>

/* Members of an object that is written as JSON. */

/* Leaves the member out where text is NULL. */
void json_out_text (JsonBuilder *builder, const char *name, const char *text);
/* At most 2^63-1, which the parsers see to. */
void json_out_number (JsonBuilder *builder, const char *name, guint64 number);
void json_out_flag (JsonBuilder *builder, const char *name, gboolean flag);
void json_out_digest (JsonBuilder *builder, const char *name, const Digest *digest);
/* Digest elements. */
void json_out_digests (JsonBuilder *builder, const char *name, const GArray *digests);
/* A list of texts, NULL-terminated; empty where texts is NULL. */
void json_out_texts (JsonBuilder *builder, const char *name, char **texts);
/* The same of an array of char *. */
void json_out_lines (JsonBuilder *builder, const char *name, const GPtrArray *lines);
/* Begins an object; the caller ends it. */
void json_out_object (JsonBuilder *builder, const char *name);
/* A list of objects, which add_item fills. */
void json_out_list (JsonBuilder *builder, const char *name, const GPtrArray *items,
                    void (*add_item) (JsonBuilder *builder, gconstpointer item));
