/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/bundle.h"
#include "install/run.h"

#include <glib.h>

/* Where a run finds the tree files that its delta leaves out: in the tree of the current release,
 * or in a bundle that comes before it in a chain. */

/* bundle_read_tree of the run's bundle, with its source. ERR_BASE_MISSING says what this host
 * lacks, and what to do. */
gboolean tree_source_read (Run *run, BundleTreeFunc func, gpointer data,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The listing's digest (place.h) of the files of run->tree below folder, "" or with a slash at its
 * end; returns how many there are. bytes, of all of them, may be NULL. */
guint tree_source_list (const Run *run, const char *folder, Digest *digest, guint64 *bytes);
void tree_source_free (TreeSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TreeSource, tree_source_free)
