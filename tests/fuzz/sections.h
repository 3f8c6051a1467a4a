/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* An input of several files: a line "==== NAME" before each, which goes on to the LF before the
 * next such line. Fuzzers can add, drop and mix whole files that way. */
typedef struct {
    char *name;
    GBytes *bytes;
} Section;

/* Section elements in order. What lies before the first line is dropped. Caller frees. */
GPtrArray *sections_split (const guint8 *data, gsize size);
/* The first section of this name, or NULL; borrowed. */
GBytes *sections_find (GPtrArray *sections, const char *name);
/* All of this name (GBytes, borrowed). Caller frees the array. */
GPtrArray *sections_all (GPtrArray *sections, const char *name);
/* Sections named root, each with those named vote behind it, as a chain of SignedRoot. Caller
 * frees. */
GPtrArray *sections_chain (GPtrArray *sections, const char *root, const char *vote);

/* A folder in memory that is removed at exit, one a process, and a file in it. */
const char *scratch_folder (void);
void scratch_write (const char *name, gconstpointer data, gsize size);
void scratch_remove (const char *name); /* where it is there */
char *scratch_path (const char *name);  /* caller frees */
