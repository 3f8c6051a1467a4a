/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/bundle.h"
#include "bundle/locate.h"

#include <glib.h>

/* Where two bundles differ, as files: which frames by their indexes, which bytes, and what those
 * are. Memory does not grow with the bundles. Two sides everywhere: 0 is A, 1 is B. */

/* Where the content of a region differs first. */
typedef struct {
    guint64 at;        /* in the region's content (of a stream: of its payload) */
    char *member[2];   /* as locate_member gives it; NULL: this side ends there, or unknown */
    guint64 inside[2]; /* where in the member */
} CmpPlace;

typedef struct {
    guint frames[2];
    guint differ; /* frames that are not the same in both indexes */
    guint first;  /* where differ: number of the first such frame in the region */
    gboolean same_content;
    CmpPlace place;           /* where not same_content */
    gboolean only_provenance; /* of meta: nothing else in it differs */
} CmpRegion;

typedef struct {
    gboolean same;  /* byte for byte, parts joined */
    guint64 at;     /* else: the first byte that differs, or the end of the shorter one */
    gboolean ended; /* that it is the end */
    /* Both indexes name the same frame and its bytes differ: this frame is damaged on that side. */
    gboolean damaged[2];
    guint frame;
} CmpBytes;

typedef struct {
    CmpBytes bytes;
    CmpRegion regions[N_REGIONS];
    guint votes[2][2];   /* on statement, packing list: how many */
    guint alone[2][2];   /* of those, how many the other does not have */
    gboolean same_votes; /* the same, in the same order */
    gboolean same_roots; /* the chain, with the votes on it */
} Cmp;

/* Bytes are read up to the first difference, from the first frame that the indexes have otherwise
 * on; where they have none, from the begin. Then the content of such frames, up to the first
 * difference of each region. */
gboolean cmp_bundles (Bundle *a, Bundle *b, Progress *progress, Cmp *cmp,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cmp_clear (Cmp *cmp);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Cmp, cmp_clear)

/* "frame 12 (FILE, bytes … to …, carries data 1 of 3)"; NULL where the byte is not in a frame of
 * that bundle. Caller frees. */
char *cmp_describe_byte (const Bundle *bundle, guint64 at);
