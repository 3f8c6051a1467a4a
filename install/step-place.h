/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/place.h"
#include "install/step.h"

#include <json-glib/json-glib.h>

/* One path of the host, whoever decided about it: a config, a file or folder that is replaced as a
 * whole, or what a release left there. */

typedef struct {
    PlaceData place;
    /* Where the new one comes from, for prepare alone: the bytes (never written to the journal:
     * they may hold secrets), or a file or folder "from" below the folder. */
    GBytes *bytes;
    char *folder, *from;
    gboolean exact; /* it is copied with its owner, mode and labels */
    /* What the state remembers of the path: the digest last placed or offered. NULL: nothing. */
    char *tracked;
    Digest tracked_digest;
    char *diff;       /* what changes in a config, for a person; NULL where nothing is compared */
    const char *dark; /* why not, or NULL where there is nothing to compare */
} StepPlace;

extern const StepKind step_config_kind, step_files_kind;

/* Adds a step that is not needed, for a path of run's release; the caller fills the rest. */
StepPlace *step_place_add (Run *run, const StepKind *kind, const char *path, Step **step);
/* A path belongs to the product that placed it: ERR_POLICY where that is another one and its
 * content differs. */
gboolean step_place_check_foreign (const Run *run, const char *path, const Digest *digest,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The step has to be carried out, as "place", "replace", …. */
void step_place_need (Run *run, Step *step, const char *action);

/* What the journal holds of the step: all of it but the bytes. Read is ERR_NEEDS_ATTENTION where a
 * member is missing. */
void step_place_write (const Step *step, JsonObject *data);
gboolean step_place_read (Step *step, Run *run, JsonObject *data,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
