/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/contents.h"

#include <glib.h>

/* Numbers the files of a bundle in the order in which layers consume them, so that rebuilding is
 * one forward pass and never keeps more than a budget of content for later (make side). */

typedef struct {
    guint32 content;
    guint32 base;     /* base file that it is; NO_BASE_FILE: it is made of content */
    gboolean patched; /* on file source, with the content's patch */
    guint64 source;
} PackFile;

typedef struct {
    guint64 first_file, n_files;
    GArray *files; /* guint64: number of the file of each use, beside PackLayer.uses */
} LayerSchedule;

typedef struct {
    GArray *files;     /* PackFile */
    GPtrArray *layers; /* LayerSchedule, beside Contents.layers */
    guint64 peak;      /* most bytes that wait at any time; base files never do */
} Schedule;

/* Contents whose next use is farthest away are repeated in the bundle rather than kept when more
 * than budget bytes would wait. */
Schedule *schedule_new (const Contents *contents, guint64 budget);
void schedule_free (Schedule *schedule);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Schedule, schedule_free)
