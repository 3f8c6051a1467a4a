/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/registry-http.h"
#include "manifest/digest.h"

#define REGISTRY_MANIFEST_ACCEPT                                                                   \
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "        \
    "application/vnd.docker.distribution.manifest.list.v2+json, "                                  \
    "application/vnd.docker.distribution.manifest.v2+json"

/* The manifest or index in an answer: its bytes are compared with asked, where that is a digest,
 * and with the digest that the registry gave; what the body says it is with what the registry says.
 * ERR_FORMAT names both. Caller frees *type. */
GBytes *registry_manifest_take (const HttpReply *reply, const char *asked, char **type,
                                Digest *digest, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The media type of a manifest: type is the Content-Type (NULL: none). */
char *registry_manifest_type (GBytes *text, const char *type,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
