/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/digest.h"

#include <glib.h>
#include <sys/types.h>

/* Puts files and folders at absolute paths of the host so that they appear whole, takes them away,
 * and takes that back. No component of a path may be a symlink: parents are walked without
 * following any. */

typedef enum { PLACE_NOTHING, PLACE_FILE, PLACE_FOLDER } PlaceKind;

/* What is at a path, or shall be there. */
typedef struct {
    PlaceKind kind;
    Digest digest; /* file: of its bytes; folder: of its listing (place_listing_*) */
    mode_t mode;   /* permission bits */
    uid_t uid;
    gid_t gid;
    guint64 bytes; /* of all its files; known of what was looked at */
} PlaceThing;

/* What is there now. A symlink, a file with several names or something special is ERR_NOT_READY:
 * writing there would reach elsewhere. */
gboolean place_look (const char *path, PlaceThing *found, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The bytes of a plain file; NULL with ERR_FORMAT where it is longer than limit. */
GBytes *place_read (const char *path, gsize limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Names of the extended attributes at path, but those that the kernel gives by itself and the
 * SELinux label: a new file there would be without them. NULL where there are none. Caller frees.
 */
char *place_extras (const char *path);
/* Paths of what was kept or offered beside path: "NAME.handcarry-…" (char *). */
GPtrArray *place_list_beside (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Are kind and content the same? */
gboolean place_same (const PlaceThing *a, const PlaceThing *b);
/* The same content, mode and owner. */
gboolean place_equal (const PlaceThing *a, const PlaceThing *b);

/* The digest of a folder: of the lines "PATH\n", "x" or "-", hexadecimal digest of the content, one
 * per file, sorted by path. */
typedef struct PlaceListing PlaceListing;
PlaceListing *place_listing_new (void);
void place_listing_add (PlaceListing *listing, const char *path, gboolean executable,
                        const Digest *content);
void place_listing_finish (PlaceListing *listing, Digest *digest); /* frees it */

/* One change at one path, and all that a later process needs to finish it or to take it back: where
 * the run was killed, and whether the change has happened, is found out from the host. While the
 * run goes on, ".NAME.handcarry-TAG" beside the path is first what is coming, then what was there.
 */
typedef struct {
    char *path;        /* absolute */
    char *tag;         /* "r42" */
    PlaceThing found;  /* at the path when it was planned; whatever else comes is an edit */
    PlaceThing wanted; /* PLACE_NOTHING: it is taken away */
    char *made_from;   /* highest parent folder that was not there when planned, or NULL */
    char *keep_as;     /* name beside it that what was there is kept by, or NULL */
    guint64 staged;    /* inode of what is coming, 0 until place_stage_*. Not the device, whose
                        * number may be another after a boot; both lie in one folder. */
} PlaceData;

/* Fills found and made_from of the path. */
gboolean place_plan (PlaceData *data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What was there is kept as "NAME.handcarry-old.TAG". */
void place_keep_old (PlaceData *data);
void place_data_clear (PlaceData *data);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PlaceData, place_data_clear)

/* Make ready what is coming, synced, with mode and owner as wanted, and set data->staged; missing
 * parents are made (0755). Both begin anew where something was left. */
gboolean place_stage_file (PlaceData *data, GBytes *bytes,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* From below dirfd; exact: see place-copy.h. */
gboolean place_stage_copy (PlaceData *data, int dirfd, const char *from, gboolean exact,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Copies what is at the path (something was found there), with owner, mode and labels, to a name in
 * dirfd; what was there is replaced. */
gboolean place_keep (const PlaceData *data, int dirfd, const char *name,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Each of these may be called again after a kill, and then does what is left to do. */

/* The moment it appears. ERR_FAILED where the path was edited since it was planned. */
gboolean place_switch (const PlaceData *data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Back to what was there, and nothing is left beside it or of made parents. Where someone edited
 * the new one, the edit is kept: *kept is its path then (caller frees), else NULL. */
gboolean place_undo (const PlaceData *data, char **kept, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Drops what was there, or keeps it by keep_as. One that was edited after it was planned is kept
 * in any case; *kept as above. */
gboolean place_commit (const PlaceData *data, char **kept,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "user:group" of the host. ERR_NOT_READY where there is no such user or group. */
gboolean place_parse_owner (const char *owner, uid_t *uid, gid_t *gid,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes a folder and what is in it, symlinks not followed. */
gboolean place_remove_tree (int dirfd, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
