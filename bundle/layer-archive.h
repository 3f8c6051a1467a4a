/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/layer.h"

/* A layer's tar as libarchive reads it: with pread, skipping what is not asked for. */
typedef struct LayerArchive LayerArchive;

/* tar is borrowed. */
LayerArchive *layer_archive_new (const LayerTar *tar);
/* Opened; an empty layer is an archive without entries. Owned by the layer archive. */
struct archive *layer_archive_get (LayerArchive *archive);
/* FALSE where the file could not be read; what libarchive says then is only the consequence. */
gboolean layer_archive_check (LayerArchive *archive, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void layer_archive_free (LayerArchive *archive);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LayerArchive, layer_archive_free)
