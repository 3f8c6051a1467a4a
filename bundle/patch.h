/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Applies a patch in bsdiff's three parts: control says, over and over, how many bytes to take from
 * the source with the difference added, how many extra bytes to take as they are, and how far to
 * move in the source (Colin Percival, "Naive differences of executable code", 2003). */

/* Where the parts and the source come from, and where the result goes. Each returns FALSE with
 * error set; length is at most PATCH_CHUNK. */
typedef struct {
    gboolean (*difference) (gpointer data, guint8 *bytes, gsize length, GError **error);
    gboolean (*extra) (gpointer data, guint8 *bytes, gsize length, GError **error);
    gboolean (*source) (gpointer data, guint64 at, guint8 *bytes, gsize length, GError **error);
    gboolean (*result) (gpointer data, const guint8 *bytes, gsize length, GError **error);
    gpointer data;
} PatchPorts;

#define PATCH_CHUNK (64 * 1024)
/* The control of a patch, with gaps and runs, is read whole. */
#define PATCH_CONTROL_MAX (64 * 1024 * 1024)

/* Makes exactly length bytes, using all of control; a move out of the source, a part that is too
 * short or too long is ERR_FORMAT. */
gboolean patch_apply (const guint8 *control, gsize control_length, guint64 source_length,
                      guint64 length, const PatchPorts *ports,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
