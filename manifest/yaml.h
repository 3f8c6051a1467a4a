/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/digest.h"

#include <glib.h>

/* A strict subset of YAML read through libyaml's event API into a small tree. Refused with
 * line:column: anchors, aliases, tags, directives, second documents, duplicate keys, keys that are
 * no plain or quoted scalars, merge keys, BOM, UTF-16, NUL, invalid UTF-8, depth over the limits,
 * empty documents, more bytes than LIMIT_YAML_BYTES. All scalars are strings; callers decode them
 * with the typed getters. */

typedef enum { YAML_NODE_SCALAR, YAML_NODE_LIST, YAML_NODE_MAP } YamlKind;

typedef struct YamlNode {
    YamlKind kind;
    guint line, column; /* 1-based */
    char *text;         /* scalar: the value; never NULL for scalars */
    gboolean plain;     /* scalar written without quotes: "~" and "" mean null only then */
    GPtrArray *keys;    /* map: YamlNode scalars, in file order */
    GPtrArray *values;  /* map: beside keys; list: the items */
} YamlNode;

/* Parses exactly one document. name is for messages, which read "NAME:LINE:COLUMN: …". */
YamlNode *yaml_parse (GBytes *text, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* An empty node; line and column count from 1. */
YamlNode *yaml_node_new (YamlKind kind, guint line, guint column);
void yaml_node_free (YamlNode *node);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (YamlNode, yaml_node_free)

/* ERR_FORMAT "NAME:LINE:COLUMN: message". Returns FALSE. */
gboolean yaml_fail (const YamlNode *node, const char *name, GError **error, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

/* Writing: a text that yaml_parse reads back to the same values and that is the same bytes for the
 * same values whatever the locale. Nothing but LF line ends, two spaces per level. */
typedef struct YamlWriter YamlWriter;
YamlWriter *yaml_writer_new (const char *type_line);          /* e.g. "handcarry-statement: 1" */
void yaml_writer_key (YamlWriter *writer, const char *key);   /* then a value, list or map */
void yaml_writer_text (YamlWriter *writer, const char *text); /* quoted when it must be */
void yaml_writer_word (YamlWriter *writer, const char *word); /* true, false: as it is */
void yaml_writer_number (YamlWriter *writer, guint64 number);
void yaml_writer_begin_map (YamlWriter *writer);
void yaml_writer_end_map (YamlWriter *writer);
void yaml_writer_begin_list (YamlWriter *writer);
void yaml_writer_end_list (YamlWriter *writer);
/* A key and its value. A text that is NULL is left out with its key. */
void yaml_writer_pair (YamlWriter *writer, const char *key, const char *text);
void yaml_writer_number_pair (YamlWriter *writer, const char *key, guint64 number);
void yaml_writer_digest_pair (YamlWriter *writer, const char *key, const Digest *digest);
/* Ends the document; frees the writer. */
GBytes *yaml_writer_finish (YamlWriter *writer);
