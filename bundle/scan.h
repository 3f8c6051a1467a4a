/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/layer.h"
#include "manifest/progress.h"

#include <glib.h>

/* Finds the file contents in a layer's tar. What is no file content is a literal. */

#define SKETCH_FEATURES 8

typedef struct {
    guint64 offset; /* in the uncompressed tar */
    guint64 length;
    Digest digest;
    /* The smallest hashes of sampled 32-byte windows: files that share some are alike. Zeros where
     * the file is too short to be worth a patch. */
    guint32 sketch[SKETCH_FEATURES];
    guint32 checksum; /* CRC-32 */
    /* Where the file lies, relative and plain; NULL where it cannot be named for another program to
     * find: not ASCII, or with "..". */
    char *path;
} Extent;

typedef enum { SCAN_FILE, SCAN_FOLDER, SCAN_OTHER } ScanKind;

/* An entry of the tar, for who wants to know what hides what. */
typedef struct {
    char *path; /* as above; entries without a path are left out */
    ScanKind kind;
    guint extent; /* of SCAN_FILE: its number; G_MAXUINT where its bytes are no extent */
} ScanEntry;

/* Reads the whole layer once; Extent elements in tar order. Its SHA-256 must be layer->diffid
 * (ERR_FORMAT). A tar that libarchive does not understand to its end is one extent from there on:
 * the bytes are carried whatever they are. entries (may be NULL) gets ScanEntry elements. */
GArray *scan_layer (const LayerTar *layer, GArray *entries, Progress *progress,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* An array for entries, which frees them. */
GArray *scan_entries_new (void);

/* How many features two sketches share. */
guint sketch_shared (const guint32 *a, const guint32 *b);
