/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/diff.h"
#include "bundle/layer.h"

#include <glib.h>

/* A patch between files that are too long for memory (make side): what is the same in blocks is
 * found first, wherever it lies, and only what is between is compared byte by byte, in slices.
 * Takes about 200 MiB whatever the lengths. */

/* Bytes of a layer's tar. */
typedef struct {
    const LayerTar *tar;
    guint64 offset, length;
} DiffPiece;

gboolean diff_piece_read (const DiffPiece *piece, guint64 at, guint8 *bytes, gsize length,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Takes the parts that are ready: control, difference and extra are emptied afterwards. */
typedef gboolean (*DiffFlush) (const PatchParts *parts, gpointer data, GError **error);

gboolean diff_large (const DiffPiece *old, const DiffPiece *new, DiffFlush flush, gpointer data,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
