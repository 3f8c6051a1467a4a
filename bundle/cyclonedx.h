/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/os-release.h"
#include "bundle/packages.h"

/* What handcarry itself knows of an image, as CycloneDX 1.7 in JSON (make side). */
typedef struct {
    const char *image;    /* reference with a tag */
    const Digest *config; /* its id */
    const char *issued;   /* RFC 3339; NULL: no time is said */
    const OsRelease *os;
    PackageList *packages; /* is sorted on the way */
} CyclonedxInput;

/* A function of the input: no time, no chance. At most LIMIT_SBOM_BYTES: packages beyond are left
 * out, and the text says that it is incomplete. */
GBytes *cyclonedx_write (const CyclonedxInput *input);
