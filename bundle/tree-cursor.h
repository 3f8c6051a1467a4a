/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/bundle.h"

#include <glib.h>

/* Goes through a bundle's tree file by file, in the order of their paths. What a delta leaves out
 * comes from the bundle's TreeBase. Of the read side alone; others use bundle_read_tree. */
typedef struct TreeCursor TreeCursor;

/* Borrows bundle. */
TreeCursor *tree_cursor_new (Bundle *bundle, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void tree_cursor_free (TreeCursor *cursor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TreeCursor, tree_cursor_free)

/* The next file: TRUE with *path NULL at the end. path is owned by the cursor, until the next
 * call. */
gboolean tree_cursor_next (TreeCursor *cursor, const char **path, gboolean *executable,
                           guint64 *size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Content of that file: up to length bytes; 0 at its end; -1 on error. What is not read is
 * skipped. A file that the base does not have as it was is ERR_BASE_MISSING. */
gssize tree_cursor_read (TreeCursor *cursor, guint8 *bytes, gsize length, GError **error);
