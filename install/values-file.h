/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* ETC/values/PRODUCT.yaml, as it is written (install/FORMAT.md, "Values"). */

typedef enum {
    VALUE_TEXT,    /* name: text */
    VALUE_FILE,    /* name: {file: /path} */
    VALUE_COMMAND, /* name: {command: [/program, argument…]} */
    VALUE_UNSET,   /* "name:" alone: as if the line were not there */
} ValueKind;

typedef struct {
    char *name;
    ValueKind kind;
    char *text;     /* the text, or the path */
    char **command; /* NULL where it is none */
    guint line;     /* where it begins, from 1 */
} ValueGiven;

/* ValueGiven elements in file order. A text of nothing but comments has none. name is for
 * messages, which never show a value. ERR_FORMAT. */
GPtrArray *values_file_parse (GBytes *text, const char *name,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The text of the file; *text is NULL where there is none. It must be a file of root or the caller
 * that nobody else may read or write, and no symbolic link: ERR_NOT_READY. */
gboolean values_file_read (const char *path, GBytes **text,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* One that is set, or NULL. */
const ValueGiven *values_file_find (GPtrArray *given, const char *name);
