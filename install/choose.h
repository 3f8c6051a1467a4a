/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/engine.h"
#include "manifest/packing.h"
#include "manifest/statement.h"

#include <glib.h>

/* Which of several bundles to use: the one, or the chain of them, that brings the newest release to
 * this host with the fewest bytes of files. Looks at signed texts and at what the host has, and
 * does nothing. Everything is borrowed. */

/* All of one product and channel. */
typedef struct {
    const char *path; /* for messages */
    guint64 bytes;    /* of the file, all parts together */
    const Digest *release;
    const Statement *statement;
    const Packing *packing;
} ChooseBundle;

typedef struct {
    EngineStore store;
    GPtrArray *images;     /* EngineImage */
    GHashTable *ours;      /* Digest: manifests that this host knows to be ours */
    const Digest *release; /* the current one, whose tree is here; NULL: none */
} ChooseHost;

/* Newest release: the highest number among bundles (ChooseBundle). Two releases of one number are
 * ERR_TRUST. NULL where bundles is empty. */
gboolean choose_newest (GPtrArray *bundles, const ChooseBundle **newest,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* In the order in which they are used; the last one carries the newest release. Of chains with the
 * same bytes the shorter one. Where none fits, the smallest bundle of that release alone: its plan
 * tells what lacks. ERR_TRUST as above. */
GPtrArray *choose_chain (GPtrArray *bundles, const ChooseHost *host,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
