/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/digest.h"

#include <glib.h>

/* release.lock.yaml: which images the sources in release.yaml were when it was last resolved.
 * Format: manifest/FORMAT.md. */

#define RELEASE_LOCK_TYPE_LINE "handcarry-lock: 1"

typedef struct {
    char *name, *from; /* as release.yaml has them, ${version} filled in */
    char *platform;    /* the one that was wanted */
    Digest index;      /* what the tag names in the registry, where that is a list of platforms */
    Digest manifest;   /* of the image in the registry */
    Digest config;     /* of the image config's bytes */
    gboolean has_index, has_manifest;
} LockedImage;

typedef struct {
    GPtrArray *images; /* LockedImage, in the order of release.yaml */
} ReleaseLock;

ReleaseLock *release_lock_new (void);
LockedImage *release_lock_add (ReleaseLock *lock); /* owned by lock */
void release_lock_free (ReleaseLock *lock);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ReleaseLock, release_lock_free)

/* name is for messages. */
ReleaseLock *release_lock_parse (GBytes *text, const char *name,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The one text of these values. */
GBytes *release_lock_write (const ReleaseLock *lock);
/* Of that text: what sha256sum says of the file. */
Digest release_lock_digest (const ReleaseLock *lock);

/* The entry for an image of that name and platform, or NULL; its source may be another one. */
const LockedImage *release_lock_find (const ReleaseLock *lock, const char *name,
                                      const char *platform);

/* The name of the lock beside a release file: "release.lock.yaml" for "release.yaml". Caller
 * frees. */
char *release_lock_file_name (const char *release_file);
/* Reads the lock of that release file in the folder dirfd. *lock is NULL where there is none;
 * *text (may be NULL) gets its bytes. */
gboolean release_lock_read (int dirfd, const char *release_file, ReleaseLock **lock, GBytes **text,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
