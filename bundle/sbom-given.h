/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/packages.h"
#include "manifest/digest.h"

#include <glib.h>

/* An SBOM that the build has already (make side): CycloneDX 1.x or SPDX 2.x in JSON. What is taken
 * from it is what it says of packages and of the image; it is carried byte by byte. */
typedef struct {
    GBytes *text;
    PackageList *packages; /* by their package URLs; unread where one could not be read */
    GArray *layers;        /* Digest: diffIDs of layers that it says something lies in */
    GArray *configs;       /* Digest: what it says that the config is */
    GArray *manifests;     /* Digest: what it calls the image otherwise */
} GivenSbom;

/* ERR_FORMAT: no strict JSON, no plain text, too long, or neither format. Takes a reference to
 * text. */
GivenSbom *given_sbom_parse (GBytes *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void given_sbom_free (GivenSbom *given);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GivenSbom, given_sbom_free)
