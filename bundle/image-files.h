/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/layer.h"
#include "bundle/rebuild.h"

#include <glib.h>
#include <sys/types.h>

/* The files of images: layers are rebuilt, read as tars and laid over each other. */

/* What a name stands for; folders are left out. */
typedef struct {
    mode_t mode; /* kind and permissions, as in struct stat */
    guint64 uid, gid;
    guint64 size;   /* of a plain file */
    Digest content; /* of a plain file's bytes, a symbolic link's target, a device's numbers */
} ImageFile;

gboolean image_file_equal (const ImageFile *a, const ImageFile *b);

/* What one layer does to the names of an image. */
typedef struct LayerFiles LayerFiles;

/* A layer that is no tar to its end is ERR_FAILED. */
LayerFiles *layer_files_read (const LayerTar *tar, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Rebuilds the next layer of the list (rebuild_layer) and reads it on the way. */
LayerFiles *layer_files_rebuild (Rebuild *rebuild, const Digest *diffid, Progress *progress,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
void layer_files_free (LayerFiles *layer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LayerFiles, layer_files_free)

/* All names of an image: absolute path (a byte string) -> ImageFile, both borrowed from the layers.
 * layers: LayerFiles, lowest first. */
GTree *image_files_merge (GPtrArray *layers);
