/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/cache.h"
#include "bundle/registry.h"
#include "manifest/release-lock.h"

#include <glib.h>

/* What a "docker://" source names, before its blobs are there. */
typedef struct {
    ImageReference *reference;
    Registry *registry; /* NULL: offline */
    Digest manifest;
    Digest index; /* of the list of platforms that the source names */
    gboolean has_index;
    GPtrArray *parts; /* OciDescriptor: the config and the layers, lowest first */
} RegistryImage;

/* where is what follows "docker://". locked (or NULL) says which image it is, and then no tag is
 * asked for; a lock that says something else than a digest in where is ERR_POLICY. registry: NULL
 * is offline, when the cache must have what a digest names (else ERR_ENGINE). Manifests by digest
 * go through the cache. */
RegistryImage *registry_image_resolve (const char *where, const LockedImage *locked,
                                       const char *platform, const Cache *cache,
                                       const RegistryOptions *registry,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* "registry.example.org/plant-hmi/server@sha256:…": the image, whatever becomes of its tag. Caller
 * frees. */
char *registry_image_name (const RegistryImage *image);
void registry_image_free (RegistryImage *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RegistryImage, registry_image_free)
