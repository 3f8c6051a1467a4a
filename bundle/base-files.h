/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/scan.h"
#include "bundle/targets.h"
#include "manifest/packing.h"

#include <glib.h>

/* The file contents that every target of a delta has, and that we have too (make side). */

#define NO_BASE_FILE G_MAXUINT32

typedef struct {
    guint base, layer;    /* numbers: of bases, and of the layer in it */
    const LayerTar *tar;  /* where we have it */
    const Extent *extent; /* in that tar */
} BaseContent;

typedef struct BaseFiles BaseFiles;

/* bundles: BaseBundle, borrowed. */
BaseFiles *base_files_new (GPtrArray *bundles, const Targets *targets);
void base_files_free (BaseFiles *files);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BaseFiles, base_files_free)

guint base_files_count (const BaseFiles *files);
const BaseContent *base_files_get (const BaseFiles *files, guint32 number);
/* All images that files may come from (PackingBase), each cut to what all targets have of it. */
GPtrArray *base_files_bases (const BaseFiles *files);

/* The file with the same content, or NO_BASE_FILE. */
guint32 base_files_find (const BaseFiles *files, const Digest *digest, guint64 length);
/* The file that a new one is most likely a later form of, or NO_BASE_FILE: the same path; the same
 * path or name but for digits; or one that shares features. *shared is how many of those. */
guint32 base_files_like (const BaseFiles *files, const char *path, guint64 length,
                         const guint32 *sketch, guint *shared);
