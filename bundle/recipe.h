/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/bundle.h"

#include <glib.h>

/* The recipe of one layer (member layers/<diffID>; bundle/FORMAT.md). A layer is tar literals and
 * whole files in turn. Files are numbered over the whole bundle in the order in which recipes
 * introduce them; each introduces its own block of numbers. */

typedef enum {
    RECIPE_CONTENT = 0, /* bytes of the stream data */
    RECIPE_PATCH = 1,   /* a patch (control, difference, extra) on a content or base file */
    RECIPE_BASE = 2,    /* a file of a base image on the host */
} RecipeFileKind;

/* How a file is stored: kinds of the format that come to the same three here. */
#define RECIPE_FORMED_PATCH 3
#define RECIPE_PACKED_CONTENT 4

/* What stands between a patch and its files (bundle/FORMAT.md). */
typedef enum {
    FORM_PLAIN = 0,
    FORM_BITS = 1,     /* the source is followed by itself shifted by one to seven bits */
    FORM_UNPACKED = 2, /* the source is what its bytes, by gzip -9n, hold */
    FORM_PACKED = 4,   /* the file is what gzip -9n makes of the result */
} RecipeForm;

typedef struct {
    RecipeFileKind kind;
    guint64 length; /* of the file */
    guint form;     /* RecipeForm: of a patch some of them; of a content FORM_PACKED or none */
    guint64 inner;  /* bytes before they are packed; as length where they are not */
    /* Content: where it lies in the stream data. Patch: where its parts lie. Offsets are not
     * stored: they follow from the lengths before. */
    guint64 data_at;
    guint64 source; /* patch: number of the file it is made against; not a patch itself */
    /* Patch: lengths of its parts. Gaps and runs lie behind control in the stream control; values,
     * in the stream difference, are the bytes of the difference that are not zero. */
    guint64 control, gaps, runs, values, extra;
    guint64 control_at, values_at, extra_at;
    BaseFile base; /* base file: its row; the path belongs to the table */
} RecipeFile;

typedef struct {
    guint64 literal; /* so many bytes of the stream literals, */
    guint64 file;    /* then this file */
} RecipeOp;

typedef struct {
    guint64 literals_at; /* where this layer's literals begin */
    guint64 first_file;  /* first number it introduces */
    guint64 n_files;     /* how many */
    GArray *ops;         /* RecipeOp */
    guint64 rest;        /* literal bytes after the last file */
} Recipe;

/* The files of a bundle, and how far its streams reach, while recipes are read in order. */
typedef struct {
    GArray *files; /* RecipeFile */
    GArray *bases; /* BaseFile: the list of base files, filled before the first recipe is read */
    guint next_base;
    guint64 literals, control, difference, extra, data;
} RecipeTable;

RecipeTable *recipe_table_new (void);
void recipe_table_free (RecipeTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RecipeTable, recipe_table_free)

/* Reads the next recipe and adds its files to the table. layer_bytes is the signed length of the
 * layer: literals and files must add up to it exactly. */
Recipe *recipe_parse (GBytes *bytes, guint64 layer_bytes, RecipeTable *table,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
void recipe_free (Recipe *recipe);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Recipe, recipe_free)

/* Numbers as they are stored: LEB128, at most ten bytes, shortest form only. */
void recipe_put_number (GByteArray *to, guint64 number);
gboolean recipe_get_number (const guint8 **at, const guint8 *end, guint64 *number,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Signed numbers: zigzag. */
guint64 recipe_zigzag (gint64 number);
gint64 recipe_unzigzag (guint64 number);
