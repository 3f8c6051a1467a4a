/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/statement.h"

#include <glib.h>

/* The OCI documents that handcarry writes. They are functions of the statement alone, so both sides
 * make the same bytes (OCI image spec 1.1: manifest.md, image-index.md, image-layout.md). */

/* The image manifest: config and uncompressed layers (digest = diffID). Its digest is the image's
 * id on the containerd store. */
GBytes *oci_manifest (const StatementImage *image);
/* index.json naming that one manifest, with io.containerd.image.name (normalized) and
 * org.opencontainers.image.ref.name set from name. */
GBytes *oci_index (const StatementImage *image, const char *name);
/* index.json naming all of these (StatementImage), each by its own name. */
GBytes *oci_index_all (GPtrArray *images);
/* Docker's manifest.json for the same archive (layers as blobs/sha256/<diffID>). */
GBytes *oci_docker_manifest (const StatementImage *image, const char *name);
/* The oci-layout file. */
GBytes *oci_layout (void);

/* Reads an image config: architecture and os ("linux/amd64", with "/variant" where given) and the
 * diffIDs. ERR_FORMAT where it is none, or has both or neither of what it needs. */
gboolean oci_config_parse (GBytes *config, char **platform, GArray **diffids,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
