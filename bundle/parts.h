/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* A bundle file as one run of bytes, whether it is one file or split into FILE.001, FILE.002, … */
typedef struct Parts Parts;

/* Is this how a bundle, or its first part, is named in a folder? NAME.tar.zst, NAME.tar.zst.001;
 * files on sticks that other systems wrote to have companions like "._NAME", which are none. */
gboolean parts_is_bundle_name (const char *name);
/* The paths (char *) of all in a folder that are named so, in the order of their names; names alone
 * where it is ".". */
GPtrArray *parts_list_folder (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* path is the file, or the first part. Missing FILE with a FILE.001 beside it means the parts. */
Parts *parts_open (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The files of these names (char *), in order. */
Parts *parts_open_names (GPtrArray *names, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void parts_free (Parts *parts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Parts, parts_free)

guint64 parts_bytes (const Parts *parts);
/* The name of the part that holds this offset, for messages; owned by parts. */
const char *parts_name_at (const Parts *parts, guint64 offset);
gboolean parts_pread (const Parts *parts, void *buffer, gsize length, guint64 offset,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The last part's path and where it begins: the tail lies there. */
const char *parts_last (const Parts *parts, guint64 *begins);
/* Puts before the message which part of a split bundle is missing, or the one that seems to be too
 * short; nothing for a bundle of one file. Returns FALSE. */
gboolean parts_fail_prefix (const Parts *parts, gboolean is_short, GError **error);
guint parts_count (const Parts *parts);
/* The text of FILE.sha256: a line of sha256sum for each part. */
GBytes *parts_sums (const Parts *parts, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The descriptors (int) of all parts, which stay the parts' own. */
GArray *parts_descriptors (const Parts *parts);
