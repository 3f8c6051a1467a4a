/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* Copies a file, or a folder with all that is in it, from below from_dirfd to a new name in
 * to_dirfd, and syncs it (not to_dirfd). exact: with owners, modes, times and extended attributes
 * as they are there, symlinks too; else modes 0755 and 0644 by the executable bit and owner root.
 * shown is for messages. */
gboolean place_copy (int from_dirfd, const char *from, int to_dirfd, const char *to, gboolean exact,
                     const char *shown, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes a new, empty file of that mode and owner. Returns a descriptor or -1. */
int place_create (int dirfd, const char *name, mode_t mode, uid_t uid, gid_t gid, const char *shown,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
