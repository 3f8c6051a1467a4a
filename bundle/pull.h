/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/source.h"
#include "manifest/release-lock.h"

#include <glib.h>

/* Fetches images from registries, all of them at once: PULL_THREADS blobs at a time, the largest
 * first, each once however many images have it; unpacked as soon as it is there. What comes out
 * does not depend on the order. */

#define PULL_THREADS 4

typedef struct {
    const char *name;          /* of the image, for messages */
    const char *from;          /* "docker://…" */
    const LockedImage *locked; /* what it is; NULL: ask */
} PullWanted;

typedef struct {
    guint64 pulled_blobs, pulled_bytes; /* that travelled now: configs and layers */
    guint64 cached_blobs, cached_bytes; /* that were in the cache */
} PullCount;

/* wanted: PullWanted elements. Returns SourceImage elements beside them, which share descriptors.
 * The first failure ends all transfers and names its image. count grows; so does warnings (char *;
 * may be NULL), by what the cache had wrong. */
GPtrArray *pull_images (const GArray *wanted, const SourceOptions *options, PullCount *count,
                        GPtrArray *warnings, GError **error) G_GNUC_WARN_UNUSED_RESULT;
