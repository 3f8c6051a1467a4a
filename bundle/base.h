/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/bundle.h"
#include "bundle/layer.h"

#include <glib.h>

/* A bundle whose layers were unpacked into an unlinked temporary file: what a delta is made
 * against, and what it is checked with where there is no engine. */

typedef struct {
    LayerTar tar;
    GArray *extents; /* Extent (bundle/scan.h) */
    GArray *entries; /* ScanEntry */
} UnpackedLayer;

typedef struct BaseBundle BaseBundle;

/* Unpacks every layer. Of a delta, the bundle of a release that it was made against must lie in the
 * same folder (else ERR_BASE_MISSING); it is unpacked too. tmpdir: NULL is $TMPDIR or /var/tmp. */
BaseBundle *base_bundle_open (const char *path, const char *tmpdir, Progress *progress,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
void base_bundle_free (BaseBundle *base);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BaseBundle, base_bundle_free)
/* Owned by base. */
Bundle *base_bundle_get (const BaseBundle *base);
/* NULL where it has no such layer. */
const UnpackedLayer *base_bundle_find (const BaseBundle *base, const Digest *diffid);
/* All of --base: BaseBundle elements. */
GPtrArray *base_bundles_open (char **paths, const char *tmpdir, Progress *progress,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads base files and trees from such bundles. */
typedef struct BundleBases BundleBases;

/* bundles: BaseBundle; both are borrowed. packing: of the delta. */
BundleBases *bundle_bases_new (GPtrArray *bundles, const Packing *packing);
/* The bundle reads base files from here from now on, and what it leaves out of its tree; without
 * bases again from nowhere. */
void bundle_bases_lend (const BundleBases *bases, Bundle *bundle);
void bundle_bases_free (BundleBases *bases);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BundleBases, bundle_bases_free)
