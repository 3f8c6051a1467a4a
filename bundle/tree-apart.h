/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/bundle.h"

#include <glib.h>

/* What a TreeCursor is where the bundle is read by a process of its own: the same four functions.
 * Paths are checked here, and come in their order; bundle_read_tree proves the whole. */
typedef struct TreeApart TreeApart;

TreeApart *tree_apart_new (Bundle *bundle, GError **error);
void tree_apart_free (TreeApart *walk);
gboolean tree_apart_next (TreeApart *walk, const char **path, gboolean *executable, guint64 *size,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
gssize tree_apart_read (TreeApart *walk, guint8 *bytes, gsize length, GError **error);
