/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/place.h"

/* The folder of a path, opened, and the two names in it. */
typedef struct {
    int dirfd;
    char *name, *temporary; /* "NAME", ".NAME.handcarry-TAG" */
} PlaceSpot;

void place_spot_clear (PlaceSpot *spot);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PlaceSpot, place_spot_clear)

/* make: missing folders are made. *missing, where not NULL, is set with dirfd -1 where the folder
 * is not there; that is no error then. */
gboolean place_spot_open (PlaceSpot *spot, const PlaceData *data, gboolean make, gboolean *missing,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes folders from the path's own up to data->made_from, while they are empty. */
gboolean place_remove_parents (const PlaceData *data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Like place_look, of one name in a folder. */
gboolean place_look_at (int dirfd, const char *name, const char *path, PlaceThing *found,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* 0 where there is nothing of that name. */
gboolean place_inode (int dirfd, const char *name, const char *path, guint64 *inode,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
