/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/host.h"
#include "manifest/digest.h"

#include <glib.h>

/* The tree of a release as it lies on this host: STATE/PRODUCT/rN/tree. */

/* A descriptor of its folder, or -1 where there is none that can be read. path: where it should be;
 * caller frees. */
int held_tree_open (const Host *host, const char *product, guint64 release, char **path);
/* The commit that the files below dirfd make. Something else than files and folders is an error. */
gboolean held_tree_hash (int dirfd, Digest *commit, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The commit that it makes as it is now. FALSE where it is not there, or is no tree of ours. */
gboolean held_tree_commit (const Host *host, const char *product, guint64 release, Digest *commit);
