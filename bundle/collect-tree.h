/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/tree-table.h"
#include "manifest/digest.h"
#include "manifest/release.h"

#include <glib.h>

/* Gathers the files of a release's tree (make side). */

/* A file of it. */
typedef struct {
    TreeFile file;
    Digest digest;     /* tree_checksum_file */
    guint64 at, bytes; /* of its member in fd */
    gboolean left_out; /* for whoever leaves files out */
} CollectedFile;

typedef struct {
    int fd;        /* unlinked temporary file: tar members tree/…, in the order of their paths */
    guint64 bytes; /* of it */
    guint64 files, content_bytes;
    Digest commit; /* OSTree commit checksum */
    GArray *list;  /* CollectedFile, in the order of their paths */
} CollectedTree;

/* Playbooks with what Ansible finds beside them (roles/, group_vars/, …), inventories, configs and
 * files, read below dirfd. Only regular files and folders; two paths that some file systems would
 * take for one are refused. */
CollectedTree *collect_tree (const Release *release, int dirfd, const char *tmpdir,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Only which files that would be (char *), in that order. Caller frees. */
GPtrArray *collect_tree_paths (const Release *release, int dirfd,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
void collected_tree_free (CollectedTree *tree);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollectedTree, collected_tree_free)
