/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/yaml.h"

#include <glib.h>

/* Reads YAML maps into structs by tables. Mistakes do not end the reading: they are collected, so
 * that a person sees all of them in one run. */

typedef struct {
    const char *name;    /* of the text, for messages */
    gboolean sealed;     /* a signed text, else one written by a person */
    const char *version; /* what ${version} stands for; NULL where it is not filled in */
    GArray *problems;    /* contents belong to field.c */
} FieldReader;

/* Reads a value into target, which has the type that the function says. */
typedef void (*FieldFunc) (FieldReader *reader, const YamlNode *value, gpointer target);

typedef enum {
    FIELD_REQUIRED = 1 << 0,        /* in both kinds of text */
    FIELD_REQUIRED_SEALED = 1 << 1, /* has a default for people, is written out when sealed */
    FIELD_AUTHORED = 1 << 2,        /* not known in a sealed text */
    FIELD_SEALED = 1 << 3,          /* not known in an authored one */
} FieldFlags;

typedef struct {
    const char *key;
    FieldFunc read;
    gsize offset; /* of the target in the struct that is read */
    guint flags;
} Field;

void field_reader_init (FieldReader *reader, const char *name, gboolean sealed);
void field_reader_clear (FieldReader *reader);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FieldReader, field_reader_clear)

/* Notes a mistake at node; NULL: in the text as a whole. */
void field_problem (FieldReader *reader, const YamlNode *node, const char *format, ...)
    G_GNUC_PRINTF (3, 4);
/* TRUE where there was no mistake. Else sets error to the first in the text (ERR_FORMAT) and adds
 * all of them (char *) to all, which may be NULL. */
gboolean field_reader_finish (FieldReader *reader, GPtrArray *all,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A sealed text begins with the line that says what it is and in which version, so that no
 * signature of one kind of text passes for another. */
gboolean field_check_type_line (GBytes *text, const char *line, const char *name,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Unknown keys are mistakes unless they begin with "x-". The table ends with a NULL key. */
void field_read_map (FieldReader *reader, const YamlNode *node, const Field *fields,
                     gpointer target);
/* Every item of a list through func, which gets target as it is. Limits the count. */
void field_read_list (FieldReader *reader, const YamlNode *node, guint limit, FieldFunc func,
                      gpointer target);
/* The value beside a key, or NULL. */
const YamlNode *field_find (const YamlNode *map, const char *key);

/* The text of a scalar that has a value and no control characters, or NULL with a mistake noted. */
const char *field_scalar (FieldReader *reader, const YamlNode *node);
/* The same where line ends, tabs and an empty string are fine. */
const char *field_free_text (FieldReader *reader, const YamlNode *node);
/* check is one of path.h; TRUE when it is content. */
gboolean field_check (FieldReader *reader, const YamlNode *node, const char *text,
                      gboolean (*check) (const char *text, GError **error));

void field_text (FieldReader *reader, const YamlNode *node, gpointer target);   /* char * */
void field_number (FieldReader *reader, const YamlNode *node, gpointer target); /* guint64 */
void field_flag (FieldReader *reader, const YamlNode *node, gpointer target);   /* gboolean */
void field_digest (FieldReader *reader, const YamlNode *node, gpointer target); /* Digest */
void field_texts (FieldReader *reader, const YamlNode *node, gpointer target);  /* char ** */
/* char *: the name of a product, a channel or a host; and of a version. */
void field_product (FieldReader *reader, const YamlNode *node, gpointer target);
void field_version (FieldReader *reader, const YamlNode *node, gpointer target);
/* For keys that another function reads. */
void field_ignore (FieldReader *reader, const YamlNode *node, gpointer target);
