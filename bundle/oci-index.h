/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/digest.h"

#include <glib.h>

/* OCI (and Docker's schema 2) indexes and manifests as they come from other tools. */

typedef enum { OCI_INDEX, OCI_MANIFEST, OCI_CONFIG, OCI_LAYER } OciKind;

typedef struct {
    OciKind kind;
    char *type; /* media type */
    Digest digest;
    guint64 bytes;
    char *name;      /* org.opencontainers.image.ref.name, or NULL */
    char *full_name; /* io.containerd.image.name, or NULL */
    char *platform;  /* "linux/arm/v7"; NULL where the descriptor does not say */
} OciDescriptor;

/* type is the media type that the descriptor of this document gave, or NULL for index.json. A
 * document that is something else too is refused. Returns OciDescriptor elements: manifests and
 * indexes; attestations and other kinds are left out. */
GPtrArray *oci_index_parse (GBytes *text, const char *type,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The first element is the config, the others are the layers, lowest first. */
GPtrArray *oci_manifest_parse (GBytes *text, const char *type,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the parts of a manifest are those of a config with that many layers. */
gboolean oci_manifest_check_layers (const GPtrArray *parts, guint layers,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether a document is an index or a manifest, by what it holds; a type (NULL: not known) that
 * says otherwise is ERR_FORMAT. */
gboolean oci_document_kind (GBytes *text, const char *type, OciKind *kind,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The one for platform that is named tag, or any where tag is NULL; none and more than one are
 * ERR_FORMAT that says what is there. Where linux/amd64 is wanted, linux/amd64 goes before
 * linux/amd64/v3. Belongs to list. */
const OciDescriptor *oci_index_choose (GPtrArray *list, const char *tag, const char *platform,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads the document that a descriptor names; proves its digest. */
typedef GBytes *(*OciRead) (gpointer user, const OciDescriptor *blob, GError **error);
/* Follows indexes from text, whose media type is type, down to the manifest of the image that is
 * asked for as above; tag counts in the first index only. Returns its parts (oci_manifest_parse)
 * and its digest. */
GPtrArray *oci_index_follow (GBytes *text, const char *type, const char *tag, const char *platform,
                             OciRead read, gpointer user, Digest *manifest,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether an image of platform found serves where wanted is asked for: os and architecture are
 * equal, and so is the variant where both give one. */
gboolean oci_platform_fits (const char *found, const char *wanted);
