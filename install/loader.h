/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/run.h"

#include <glib.h>

/* Feeds loads from the bundle. Layers come out of a Rebuild in the order of the statement, so one
 * Rebuild serves as many images as that order allows; the rest need another pass. */
typedef struct Loader Loader;

Loader *loader_new (Run *run); /* borrows run */
void loader_free (Loader *loader);
/* Says beforehand, image by image, which layers (StatementLayer) will be asked for; sorts them. */
void loader_plan (Loader *loader, GArray *layers);
/* What all passes together read and spool; base files become known to the run's bases. */
gboolean loader_cost (Loader *loader, RebuildCost *cost, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Copies the frames of these layers too, where frames are copied at all, and finds their base
 * files. */
gboolean loader_copy_more (Loader *loader, GArray *layers,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Streams one image to the engine. layers: as planned, or others. */
gboolean loader_load (Loader *loader, const StatementImage *image, const char *name, GArray *layers,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
