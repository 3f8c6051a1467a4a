/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/place.h"

#include <sys/stat.h>

/* Walking folders by descriptor, for place.c. Paths are relative to where the walk began. */
typedef struct {
    gboolean (*enter) (const char *path, gpointer data, GError **error); /* may be NULL */
    gboolean (*file) (int dirfd, const char *name, const char *path, const struct stat *st,
                      gpointer data, GError **error); /* all that is no folder */
    gboolean (*leave) (int dirfd, const char *name, const char *path, gpointer data,
                       GError **error); /* may be NULL */
} PlaceWalk;

gboolean place_walk (int dirfd, const PlaceWalk *calls, gpointer data,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean place_hash_fd (int fd, const char *shown, Digest *digest,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What a walk that hashes a folder has as its data. */
typedef struct {
    PlaceListing *listing;
    guint64 bytes; /* of all files */
} PlaceHash;

/* Adds a plain file that is open. */
gboolean place_hash_add (PlaceHash *hash, int fd, const struct stat *st, const char *path,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Walks with a PlaceHash as the data of calls; *digest is of the listing, *bytes of all files. */
gboolean place_hash_walk (int dirfd, const PlaceWalk *calls, Digest *digest, guint64 *bytes,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for a folder of plain files: anything else makes it differ from all that is carried. */
gboolean place_hash_folder (int dirfd, Digest *digest, guint64 *bytes,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
