/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/run.h"

#include <glib.h>

/* The bundles that a run may choose from: what its paths name. */

typedef struct {
    VerifiedBundle *verified;
    VoteReport *votes;
} Candidate;

typedef struct {
    GPtrArray *list; /* Candidate */
    GError *why;     /* of the first that was passed over; NULL: none was */
} Candidates;

gboolean candidates_is_folder (const char *path);
/* Opens each path: a bundle, or a folder, in which every file of a bundle's name is one. Trust
 * bundles are no bundles. All are judged by run->trust. What cannot be believed or read is an error
 * where it was named, and passed over with a note where it lies in a folder. excluded: path →
 * GError, bundles that were found not to serve; they are passed over for that. */
Candidates *candidates_open (Run *run, GHashTable *excluded,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Passes over what is not for this host, too. run->engine must be open. Where nothing is left, the
 * error is why the first one was passed over; bundles of several products or channels are
 * ERR_USAGE. */
gboolean candidates_narrow (Candidates *candidates, Run *run,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
void candidates_free (Candidates *candidates);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Candidates, candidates_free)
