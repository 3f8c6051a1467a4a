/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/source-unpack.h"

#include <glib.h>

/* The members of an archive that a person named, found by name. Nothing is unpacked to disk under
 * a name that the archive gives, so a path in it can lead nowhere. */
typedef struct SourceTar SourceTar;

/* Takes the descriptor. A gzip or zstd archive is unpacked to an unlinked file in tmpdir first. */
SourceTar *source_tar_open (int fd, const char *name, const char *tmpdir, Progress *progress,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean source_tar_has (SourceTar *tar, const char *member);
/* Where the bytes of a regular member lie; a link to one is followed once, inside the archive.
 * ERR_FORMAT when it is missing, there twice, or no regular file. */
gboolean source_tar_find (SourceTar *tar, const char *member, SourceRange *range,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Finds and reads a member of at most LIMIT_JSON_BYTES. */
GBytes *source_tar_read (SourceTar *tar, const char *member,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Gives up the descriptor that all ranges are in. */
int source_tar_steal_fd (SourceTar *tar);
void source_tar_free (SourceTar *tar);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SourceTar, source_tar_free)
