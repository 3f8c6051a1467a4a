/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/base.h"

#include <glib.h>

/* The merged file system of an image: which file of which layer is seen at a path. Whiteouts as the
 * OCI image spec has them ("Layer Filesystem Changeset"). */

typedef struct {
    guint layer;  /* number in the image */
    guint extent; /* in that layer; G_MAXUINT: no file whose bytes are known */
    gboolean folder;
    gboolean doubtful; /* twice in its layer, or below something that is no folder */
} MergedEntry;

/* layers: UnpackedLayer, lowest first. Returns path (char *) → MergedEntry; paths belong to the
 * layers. Entries are owned by the table. */
GHashTable *merged_new (GPtrArray *layers);
