/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/os-release.h"
#include "bundle/packages.h"
#include "bundle/source.h"

/* Finds the package databases in the merged layers of images (make side). A layer that several
 * images share is read once. */
typedef struct PackageCollector PackageCollector;

PackageCollector *package_collector_new (void);
void package_collector_free (PackageCollector *collector);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PackageCollector, package_collector_free)

/* What the image holds by its databases: empty where it has none. One that can not be read is not
 * an error, as the image is fine without; the list says so. os is what it says that it is, perhaps
 * nothing; the caller clears it. */
PackageList *package_collector_list (PackageCollector *collector, const SourceImage *image,
                                     OsRelease *os, GError **error) G_GNUC_WARN_UNUSED_RESULT;
