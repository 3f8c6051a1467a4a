/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/run.h"

/* What is installed here, how it differs from how it was installed, and what may be done next: by
 * looking only. */

typedef struct {
    const char *subject; /* image name as people write it, or path */
    const Digest *id;    /* of an image; NULL */
    const char *found;   /* "ok", "missing", "changed", "another image has the name", "unknown" */
} StatusThing;

typedef struct {
    State *state;
    GPtrArray *images, *configs, *files; /* StatusThing */
    GPtrArray *beside;                   /* char *: what was offered or kept beside them */
    char *engine_change;                 /* NULL: none, or not known */
    guint64 back_to;                     /* the release that rollback would lead to; 0: none */
    char *no_way_back;                   /* why not, where it is 0 */
} StatusProduct;

typedef struct {
    GPtrArray *products; /* StatusProduct: those that are installed */
    char *unreached;     /* why the engine was not asked; NULL where it was */
    gboolean busy;       /* a run goes on right now */
    char *run;           /* the run that is open: "install of NAME, release 2 after 1"; or NULL */
    const char *phase;   /* how far it got */
    char *why;           /* what the run said when it stopped, in lines; or NULL */
    const char *next;    /* what to type, where one is open */
    char *lost;          /* why the records are not to be believed; NULL: they are */
} Status;

/* how.write is FALSE. */
Status *status_take (const RunOptions *how, NetworkBarrier barrier,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
void status_free (Status *status);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Status, status_free)
