/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/digest.h"
#include "manifest/progress.h"

#include <glib.h>

/* Where images come from (make side only). Whatever the transport, an image ends as its config's
 * exact bytes and layers that are uncompressed tars in plain files. */

typedef struct {
    int fd;         /* borrowed from the source; read with pread */
    guint64 offset; /* where the uncompressed tar begins */
    guint64 bytes;
    Digest diffid; /* as the config says. The collector hashes all bytes and compares. */
} SourceLayer;

typedef struct {
    GBytes *config;
    char *platform; /* from the config */
    GArray *layers; /* SourceLayer, lowest first */
    GPtrArray *fds; /* owns the descriptors */
} SourceImage;

/* from is what release.yaml says (skopeo's forms): docker-archive:FILE[:NAME:TAG],
 * oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-daemon:NAME[:TAG]. Relative paths are relative to
 * dir. platform is the one wanted ("linux/amd64"). gzip and zstd layers are unpacked into unlinked
 * files in tmpdir (NULL: $TMPDIR or /var/tmp) and compared with the diffID on the way; foreign
 * layers are refused. ERR_FORMAT names source, layer and what is wrong. */
SourceImage *source_open (const char *from, const char *dir, const char *platform,
                          const char *tmpdir, Progress *progress,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
void source_image_free (SourceImage *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SourceImage, source_image_free)
