/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/schedule.h"

#include <glib.h>

/* The patches of a bundle, made before anything is written (make side). Their parts lie in
 * unlinked temporary files, one for each kind. */

typedef enum { PART_CONTROL, PART_GAPS, PART_RUNS, PART_VALUES, PART_EXTRA, N_PARTS } PatchPart;

typedef struct {
    guint form;    /* RecipeForm */
    guint64 inner; /* bytes before they are packed */
    guint64 at[N_PARTS], length[N_PARTS];
} StoredPatch;

typedef struct {
    int fds[N_PARTS];
    guint64 bytes[N_PARTS];
    GArray *patches; /* StoredPatch */
    int inner_fd;    /* what packed contents hold */
    guint64 inner_bytes;
} Patches;

/* Makes a patch for every patched file of the schedule, jobs at a time. Where it saves too little,
 * the content's source is taken away, so that the next schedule carries it whole; else its patch
 * number is set. What gzip -9n made is compared, and carried, unpacked. */
Patches *patches_new (Contents *contents, const Schedule *schedule, guint jobs, const char *tmpdir,
                      Progress *progress, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void patches_free (Patches *patches);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Patches, patches_free)
