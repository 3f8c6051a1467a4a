/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/digest.h"

#include <glib.h>

/* The checksum of the OSTree commit that a tree of files makes: owner 0:0, mode 0755 for
 * directories and executable files, 0644 for others, no xattrs, empty subject and body, no parent,
 * timestamp 0. The same as `ostree commit` of that tree makes (libostree's ostree-repo-commit.c and
 * ostree-core.h describe the objects). */
typedef struct TreeChecksum TreeChecksum;

TreeChecksum *tree_checksum_new (void);
/* Begin a file (size known), give its bytes, end it. Files may come in any order; a path twice, or
 * as file and directory, is ERR_FORMAT. */
gboolean tree_checksum_begin (TreeChecksum *sum, const char *path, gboolean executable,
                              guint64 size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void tree_checksum_add (TreeChecksum *sum, const guint8 *bytes, gsize length);
gboolean tree_checksum_end (TreeChecksum *sum, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The checksum of the file that was ended last: another one where its bytes or whether it is
 * executable differ. */
void tree_checksum_file (const TreeChecksum *sum, Digest *file);
/* The commit's checksum over all files so far. */
void tree_checksum_commit (TreeChecksum *sum, Digest *commit);
void tree_checksum_free (TreeChecksum *sum);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TreeChecksum, tree_checksum_free)
