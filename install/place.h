/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/digest.h"

#include <glib.h>
#include <sys/types.h>

/* Puts files and folders at absolute paths of the host so that they appear whole, and takes them
 * back. No component of a path may be a symlink: parents are walked without following any. */

typedef enum { PLACE_NOTHING, PLACE_FILE, PLACE_FOLDER } PlaceKind;

typedef struct {
    PlaceKind kind;
    Digest digest; /* file: of its bytes; folder: of its listing (place_listing_*) */
    mode_t mode;   /* permission bits */
    uid_t uid;
    gid_t gid;
} PlaceFound;

/* What is there now. A symlink, a file with several names or something special is ERR_NOT_READY:
 * writing there would reach elsewhere. */
gboolean place_look (const char *path, PlaceFound *found, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The digest of a folder: of the lines "PATH\n", "x" or "-", hexadecimal digest of the content, one
 * per file, sorted by path. */
typedef struct PlaceListing PlaceListing;
PlaceListing *place_listing_new (void);
void place_listing_add (PlaceListing *listing, const char *path, gboolean executable,
                        const Digest *content);
void place_listing_finish (PlaceListing *listing, Digest *digest); /* frees it */

/* One new thing at path, made beside it. */
typedef struct Placement Placement;

/* Makes missing parents (0755). tag becomes part of the temporary name. */
Placement *place_begin (const char *path, const char *tag,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes what was made and not switched, the parents too. */
void place_free (Placement *placement);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Placement, place_free)

gboolean place_write_file (Placement *placement, GBytes *bytes, mode_t mode, uid_t uid, gid_t gid,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Copies a file, or a folder's files, from below dirfd: modes 0755/0644, owner root. */
gboolean place_copy (Placement *placement, int dirfd, const char *from, gboolean folder,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The moment it appears; what was there goes to the temporary name. */
gboolean place_switch (Placement *placement, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Back to what was there. No error when not switched. */
gboolean place_undo (Placement *placement, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Drops what was there, or keeps it as keep_as (a name beside it) where that is not NULL. */
gboolean place_commit (Placement *placement, const char *keep_as,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "user:group" of the host. ERR_NOT_READY where there is no such user or group. */
gboolean place_parse_owner (const char *owner, uid_t *uid, gid_t *gid,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes a folder and what is in it, symlinks not followed. */
gboolean place_remove_tree (int dirfd, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
