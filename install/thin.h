/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/rebuild.h"
#include "manifest/statement.h"

#include <glib.h>

/* The archive that an engine loads: one image as an OCI layout and as a docker-archive in one tar,
 * layers uncompressed and first, index.json, manifest.json and oci-layout last, so that a stream
 * that is cut registers nothing. Layers that the engine has are left out ("thin"). */

/* Gives the bytes of one layer to sink. */
typedef gboolean (*ThinLayerFunc) (const Digest *diffid, RebuildSink sink, gpointer sink_data,
                                   gpointer data, GError **error);

typedef struct {
    const StatementImage *image;
    GBytes *config;   /* borrowed */
    const char *name; /* the name it is loaded under */
    GArray *layers;   /* StatementLayer: the ones to send, in the order they are asked for */
    ThinLayerFunc layer;
    gpointer data;
} Thin;

/* Writes the archive piece by piece into sink. The same input makes the same bytes. */
gboolean thin_write (const Thin *thin, RebuildSink sink, gpointer sink_data,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* How many bytes thin_write will give at least: the layers. */
guint64 thin_layer_bytes (const Thin *thin);
