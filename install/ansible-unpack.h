/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/engine.h"
#include "manifest/digest.h"

#include <glib.h>

/* Writes the files of an image below a folder, for programs to be run from there without being its
 * root: every symlink stays inside. No owner, setuid bit, device or attribute is taken over, and
 * nothing of what the engine adds. */

/* limit: more bytes than these are ERR_ENGINE. *there: does the engine have the image? */
gboolean ansible_unpack (Engine *engine, const char *image, int dirfd, guint64 limit,
                         EngineStopFunc stop, gpointer stop_data, gboolean *there,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What a symlink at path (relative, without "..") that says target has to say so that "/" and too
 * many ".." mean the folder that path is below. NULL where it says nothing. Caller frees. */
char *ansible_unpack_link (const char *path, const char *target);
/* The digest of all that is below: names, kinds, contents. *bytes: of all files. */
gboolean ansible_unpack_hash (int dirfd, Digest *digest, guint64 *bytes,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
