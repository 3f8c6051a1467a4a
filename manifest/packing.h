/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/digest.h"

#include <glib.h>

/* Signed text no. 2: how this file carries the release. Format: manifest/FORMAT.md. */

#define PACKING_TYPE_LINE "handcarry-packing: 1"

/* The regions of a bundle, in file order. A region is a run of frames. */
typedef enum {
    REGION_TREE,     /* tar members tree/… */
    REGION_META,     /* tar members images/… and layers/… */
    REGION_LITERALS, /* streams: one tar member per frame */
    REGION_CONTROL,
    REGION_DIFFERENCE,
    REGION_EXTRA,
    REGION_DATA,
    N_REGIONS,
} Region;

typedef struct {
    guint64 frames; /* how many */
    guint64 bytes;  /* of payload over all of them: stream bytes, or tar bytes for tree and meta */
} PackingRegion;

/* A release that a delta was made against. */
typedef struct {
    char *version;
    guint64 release;
    Digest digest; /* its release digest */
} PackingFrom;

/* Files of the tree that a delta does not carry. */
typedef struct {
    guint64 files, bytes; /* how many; the sum of their lengths */
} PackingTree;

/* A base: an image that hosts have, or the lower part of one. */
typedef struct {
    char *name;     /* for people: an image that has these layers */
    GArray *layers; /* Digest: diffIDs, lowest first */
} PackingBase;

typedef struct {
    Digest statement; /* the release digest */
    char *tool;       /* "handcarry 1.0.0" */
    char *zstd;       /* version of libzstd: its output may change with it */
    guint64 level;
    guint64 spool; /* most bytes of content that wait while rebuilding all layers */
    Digest index;  /* SHA-256 of the frame index */
    PackingRegion regions[N_REGIONS];
    /* Of a delta; all empty in a full bundle. */
    GPtrArray *from;           /* PackingFrom */
    char **hosts;              /* names of the hosts whose have files it was made for; NULL: none */
    GPtrArray *bases;          /* PackingBase: what a host must have, and base files are named by */
    GArray *left_out;          /* Digest: layers without a recipe, in the order of the statement */
    PackingTree tree_left_out; /* they are in the tree of each release in from */
} Packing;

/* "tree", "meta", "literals", "control", "difference", "extra", "data". */
const char *packing_region_name (Region region);

/* Does it need something that is not in the file? */
gboolean packing_is_delta (const Packing *packing);
/* Was it made against that release? */
gboolean packing_is_from (const Packing *packing, const Digest *release);

/* What a delta was made from: "1.4.0 (release 41), host 'ws-3'". Caller frees. */
char *packing_made_from (const Packing *packing);

void packing_from_free (PackingFrom *from);
PackingBase *packing_base_new (const char *name);
void packing_base_free (PackingBase *base);
/* Makes the empty lists of a full bundle. */
void packing_init (Packing *packing);
/* Frees what a packing list holds, not itself. */
void packing_clear (Packing *packing);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Packing, packing_clear)
Packing *packing_parse (GBytes *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *packing_write (const Packing *packing);
void packing_free (Packing *packing);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Packing, packing_free)
