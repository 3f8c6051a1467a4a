/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/layer.h"
#include "bundle/registry.h"
#include "manifest/progress.h"

#include <glib.h>

/* Where images come from (make side only). Whatever the transport, an image ends as its config's
 * exact bytes and layers that are uncompressed tars in plain files. */

typedef struct {
    GBytes *config;
    char *platform; /* from the config */
    GArray *layers; /* LayerTar, lowest first */
    GPtrArray *fds; /* owns the descriptors; images that were pulled together share it */
    /* Of an image from a registry, else NULL: "HOST/REPOSITORY@sha256:…", with that digest, and
     * that of the list of platforms which the source named. */
    char *reference;
    Digest manifest, index;
    gboolean has_index;
} SourceImage;

typedef struct {
    const char *dir;      /* relative paths in FROM begin here; NULL: the current directory */
    const char *platform; /* the one wanted: "linux/amd64" */
    const char *tmpdir;   /* for unlinked files with what was packed; NULL: $TMPDIR or /var/tmp */
    const char *engine;   /* "unix:///path" for docker-daemon:; NULL: the usual sockets */
    Progress *progress;   /* or NULL */
    const char *cache;    /* of what registries gave (cache.h); NULL: the usual folder */
    gboolean offline;     /* ask no registry, use the cache alone */
    const RegistryOptions *registry; /* or NULL */
} SourceOptions;

/* from is what release.yaml says, in skopeo's forms:
 *     docker-archive:FILE[:NAME:TAG | :@N]   as docker and podman save it; may be gzip or zstd
 *     oci:DIR[:TAG]                          an OCI layout
 *     oci-archive:FILE[:TAG]                 the same in a tar
 *     docker-daemon:NAME[:TAG]               asked from the local engine
 * gzip and zstd layers are unpacked into unlinked files and compared with the diffID on the way;
 * foreign layers and other platforms are refused. ERR_FORMAT names source, layer and what is wrong;
 * ERR_ENGINE is an engine that can not be reached or has no such image. Images from registries
 * (docker://) come all at once: pull.h. */
SourceImage *source_open (const char *from, const SourceOptions *options,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
void source_image_free (SourceImage *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SourceImage, source_image_free)
