/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/digest.h"
#include "manifest/release.h"

#include <glib.h>

/* Signed text no. 1: what the release is. Byte-equal in the full bundle and in every delta; its
 * SHA-256 is the release digest. Format: manifest/FORMAT.md. */

#define STATEMENT_TYPE_LINE "handcarry-statement: 1"

typedef struct {
    Digest diffid; /* SHA-256 of the uncompressed tar */
    guint64 bytes; /* of the uncompressed tar */
} StatementLayer;

typedef struct {
    char *name;
    char *platform; /* "linux/amd64" */
    Digest config;  /* of the image config's bytes: the image ID on overlay2 and Podman */
    guint64 config_bytes;
    Digest manifest;  /* of the OCI manifest we write: the image ID on the containerd store */
    GArray *layers;   /* StatementLayer, lowest first */
    gboolean ansible; /* playbooks run with the Ansible that it carries */
} StatementImage;

typedef struct {
    Release *release;
    GPtrArray *images;  /* StatementImage, in the order of release->images */
    Digest tree_commit; /* OSTree commit checksum of the tree */
    guint64 tree_files, tree_bytes;
} Statement;

/* Parses and checks a sealed text: counts, duplicates, limits, and that its first line is the type
 * line. */
Statement *statement_parse (GBytes *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The one text of these values. */
GBytes *statement_write (const Statement *statement);

StatementImage *statement_image_new (void);
void statement_image_free (StatementImage *image);
/* The diffIDs of its layers (Digest), lowest first. */
GArray *statement_image_diffids (const StatementImage *image);
/* The image that carries Ansible; NULL: the host's own is used. */
const StatementImage *statement_find_ansible (const Statement *statement);
void statement_free (Statement *statement);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StatementImage, statement_image_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Statement, statement_free)
