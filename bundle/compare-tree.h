/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/compare.h"

/* Comparing the files of two releases' trees. */

/* The content of a file of the tree. */
typedef struct {
    GByteArray *bytes; /* NULL: the file was not seen */
    gboolean cut;      /* it was too long to be kept */
} DiffText;

/* Files of two trees (path -> ImageFile) that differ: DiffFile elements, which borrow. */
GPtrArray *compare_list_files (GTree *a, GTree *b);
/* Comparing trees keeps the content of this file, as far as there is room. */
void compare_want_text (Diff *diff, guint side, const char *path);
/* Files of the releases' trees, where both bundles hold them, or the base beside one. */
gboolean compare_trees (Diff *diff, Progress *progress, GError **error) G_GNUC_WARN_UNUSED_RESULT;
