/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/digest.h"

#include <glib.h>
#include <json-glib/json-glib.h>

/* Members of an object that a verb prints with --json. */

/* Leaves the member out where text is NULL. */
void verb_json_text (JsonBuilder *builder, const char *name, const char *text);
/* At most 2^63-1, which the parsers see to. */
void verb_json_number (JsonBuilder *builder, const char *name, guint64 number);
void verb_json_flag (JsonBuilder *builder, const char *name, gboolean flag);
void verb_json_digest (JsonBuilder *builder, const char *name, const Digest *digest);
/* Digest elements. */
void verb_json_digests (JsonBuilder *builder, const char *name, const GArray *digests);
/* A list of texts, NULL-terminated; empty where texts is NULL. */
void verb_json_texts (JsonBuilder *builder, const char *name, char **texts);
/* The same of an array of char *. */
void verb_json_lines (JsonBuilder *builder, const char *name, const GPtrArray *lines);
/* A list of objects, which add_item fills. */
void verb_json_list (JsonBuilder *builder, const char *name, const GPtrArray *items,
                     void (*add_item) (JsonBuilder *builder, gconstpointer item));
/* Prints the whole document on stdout. */
void verb_json_print (JsonBuilder *builder);
