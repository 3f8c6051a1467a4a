/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/base-files.h"
#include "bundle/scan.h"

#include <glib.h>

/* All distinct file contents of a release and where layers use them (make side). */

#define NO_CONTENT G_MAXUINT32

typedef struct {
    guint64 length;
    const LayerTar *layer; /* where it was seen first, */
    guint64 offset;        /* and its offset in that layer's tar */
    char *path;            /* where it was seen first; NULL where that has no plain name */
    guint32 sketch[SKETCH_FEATURES];
    guint32 base; /* base file that is the same, or NO_BASE_FILE */
    /* What it is to be patched on: an earlier content, or a base file; one of them or none. */
    guint32 source;      /* or NO_CONTENT */
    guint32 base_source; /* or NO_BASE_FILE */
    guint32 patch;       /* number of its patch, or NO_CONTENT */
    /* What gzip -9n packed into it, where that is carried instead: in Patches.inner_fd. */
    guint64 inner_at, inner_length; /* length 0: nothing */
} Content;

typedef struct {
    guint64 literal; /* so many bytes before it */
    guint32 content;
} ContentUse;

typedef struct {
    LayerTar source;
    GArray *uses; /* ContentUse, in tar order */
    guint64 rest; /* literal bytes behind the last */
} PackLayer;

typedef struct {
    GArray *contents;       /* Content, in order of first use */
    GPtrArray *layers;      /* PackLayer, distinct diffIDs in order of first appearance */
    const BaseFiles *bases; /* borrowed; NULL for a full bundle */
} Contents;

/* Scans the layers (LayerTar elements, distinct), jobs at a time, and finds what base files are the
 * same. */
Contents *contents_new (GArray *layers, const BaseFiles *bases, guint jobs, Progress *progress,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* match.c: chooses for each content that is much like a base file or an earlier one what to patch
 * it on. */
void contents_match (Contents *contents);
void contents_free (Contents *contents);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Contents, contents_free)
