/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Member `tree-left-out` of a delta: the files of the tree that it does not carry, since the tree
 * of every release that it was made against has them (bundle/FORMAT.md). */

#define TREE_TABLE_MEMBER "tree-left-out"

typedef struct {
    char *path;
    guint64 length;
    gboolean executable;
    guint32 checksum; /* CRC-32 of its bytes, to name a bad file; the tree's commit protects */
} TreeFile;

/* An array that owns the paths of its TreeFile elements. */
GArray *tree_table_new (void);
/* Paths are plain and relative and ascend. NULL is ERR_FORMAT. */
GArray *tree_table_parse (GBytes *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* There is one text of each table. */
GBytes *tree_table_write (const GArray *files);
