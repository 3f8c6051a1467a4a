/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/base.h"

#include <glib.h>

/* A bundle's content as plain files, without an engine. */

/* Opens the folder that something is extracted to: it is made (0755), or must be empty. Returns a
 * descriptor or -1. */
int extract_open_dir (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes an OCI layout with all images: one store of blobs, layers uncompressed, and an index.json
 * that names each image (org.opencontainers.image.ref.name). index.json comes last, so that what
 * broke off is no layout. bases: BaseBundle, what a delta was made against. */
gboolean extract_oci (Bundle *bundle, GPtrArray *bases, int dirfd, const char *tmpdir,
                      Progress *progress, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes the tree's files (0755 or 0644), and compares its commit with the statement. */
gboolean extract_tree (Bundle *bundle, GPtrArray *bases, int dirfd, Progress *progress,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes the SBOM of each image, once for a config, under the name that extract_sbom_name gives. */
gboolean extract_sboms (Bundle *bundle, int dirfd, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* "<config digest>.json". Caller frees. */
char *extract_sbom_name (const StatementImage *image);

/* A new file of a tree, with the folders that it lies in; 0755 or 0644. Returns a descriptor or -1.
 */
int extract_create_file (int dirfd, const char *path, gboolean executable,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
