/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/source.h"

#include <glib.h>

/* Finds the file contents in a layer's tar (make side). What is no file content is a literal. */

#define SKETCH_FEATURES 8

typedef struct {
    guint64 offset; /* in the uncompressed tar */
    guint64 length;
    Digest digest;
    /* The smallest hashes of sampled 32-byte windows: files that share some are alike. Zeros where
     * the file is too short to be worth a patch. */
    guint32 sketch[SKETCH_FEATURES];
} Extent;

/* Reads the whole layer once; Extent elements in tar order. Its SHA-256 must be layer->diffid
 * (ERR_FORMAT). A tar that libarchive does not understand to its end is one extent from there on:
 * the bytes are carried whatever they are. */
GArray *scan_layer (const SourceLayer *layer, Progress *progress,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How many features two sketches share. */
guint sketch_shared (const guint32 *a, const guint32 *b);
