/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/run.h"

#include <glib.h>

/* What is kept of a product's releases: the current one, and those before it along the way they
 * were installed, as many as are to be kept; number 0 on that way is what was there before the
 * first install. Folders, trees and image names of all others go, and old logs; but not a release
 * whose image a container uses. */

#define PRUNE_KEEP 2  /* the current one, and the one to go back to */
#define PRUNE_LOGS 50 /* newest logs of runs, per product */

typedef struct {
    char *product;
    GArray *kept;        /* guint64: the current one first */
    GArray *releases;    /* guint64: those that go, lowest first */
    GPtrArray *names;    /* char *: image names that go */
    GPtrArray *used;     /* char *: names that stay, since a container uses the image (prune_run) */
    GPtrArray *logs;     /* char *: relative to STATE */
    GPtrArray *ansible;  /* char *: relative to STATE/PRODUCT (install/ansible-root.h) */
    guint64 state_bytes; /* of folders and logs; prune_run adds what the repository gave free */
    guint64 engine_bytes; /* of images that lose their last name: at most, for others may have
                             layers of them */
} Prune;

/* Looks only. current: the release that is, or will be, the current one; 0: none. run needs host,
 * engine and the states. */
Prune *prune_estimate (Run *run, const char *product, guint64 current, guint keep,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
void prune_free (Prune *prune);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Prune, prune_free)
/* Is there nothing that goes? */
gboolean prune_is_empty (const Prune *prune);

/* Does it. After a failure or a kill the next one finds what is left. */
gboolean prune_run (Run *run, Prune *prune, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same behind a run that has reached its end: keeps PRUNE_KEEP; a failure is a note. */
void prune_after (Run *run, guint64 current);
