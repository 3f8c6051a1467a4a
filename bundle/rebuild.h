/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/bundle.h"

#include <glib.h>

/* Rebuilds layers bit for bit from their recipes in one forward pass over the streams. */
typedef struct Rebuild Rebuild;

/* Takes the bytes of a layer in order. */
typedef gboolean (*RebuildSink) (const guint8 *bytes, gsize length, gpointer data, GError **error);

/* layers (Digest elements) are the ones that will be asked for, in the order of the statement
 * (first appearance); a layer that comes again later, under another parent, needs a new Rebuild.
 * The spool is an unlinked file in spool_dir (NULL: $TMPDIR or /var/tmp). */
Rebuild *rebuild_new (Bundle *bundle, GArray *layers, const char *spool_dir,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What the pass will read. */
void rebuild_cost (const Rebuild *rebuild, RebuildCost *cost);
/* Which frames of the bundle the pass will read, without region tree and meta: one flag a frame,
 * owned by the rebuild. */
const gboolean *rebuild_frames (const Rebuild *rebuild);
/* The base files that the pass will read (BaseFile), in the order in which recipes introduce them.
 * They belong to the rebuild; ask before the first layer. */
GPtrArray *rebuild_base_files (const Rebuild *rebuild);
/* Rebuilds the next layer of the list, which must be diffid, into sink. The signed length is never
 * exceeded; the diffID is compared at the end, and a difference is ERR_FORMAT. */
gboolean rebuild_layer (Rebuild *rebuild, const Digest *diffid, RebuildSink sink, gpointer data,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Did all streams end exactly where the recipes say, and was every file used? Only for a pass over
 * all layers. */
gboolean rebuild_check_complete (const Rebuild *rebuild, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void rebuild_free (Rebuild *rebuild);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rebuild, rebuild_free)
