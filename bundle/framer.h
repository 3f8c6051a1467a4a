/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/output.h"
#include "manifest/packing.h"
#include "manifest/progress.h"

#include <glib.h>

/* Cuts the regions of a bundle into frames, compresses them side by side and writes them in order
 * (make side). Every frame is compressed by one thread with its size known, so the bytes depend on
 * nothing but content, level and libzstd's version. */

typedef struct {
    int fd;
    guint64 offset, length;
} Range;

typedef struct {
    GArray *ranges[N_REGIONS]; /* Range: what the region holds, in order */
    int level;
    guint jobs;
} FramePlan;

FramePlan *frame_plan_new (int level, guint jobs);
/* Adds to a region; a range that continues the one before is joined to it. */
void frame_plan_add (FramePlan *plan, Region region, int fd, guint64 offset, guint64 length);
guint64 frame_plan_bytes (const FramePlan *plan);
/* Writes all frames; appends Frame elements (offset unset) to frames and counts them in regions. */
gboolean frame_plan_write (const FramePlan *plan, Output *output, GArray *frames,
                           PackingRegion *regions, Progress *progress,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
void frame_plan_free (FramePlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FramePlan, frame_plan_free)
