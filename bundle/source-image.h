/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/source-tar.h"
#include "bundle/source-unpack.h"
#include "bundle/source.h"

#include <glib.h>

/* What the transports share: a SourceImage grows from a config and one range per layer. */
typedef struct SourceBuilder SourceBuilder;

/* Reads the config; one for another platform is ERR_FORMAT. digest is what named it, or NULL. */
SourceBuilder *source_builder_new (GBytes *config, const Digest *digest,
                                   const SourceOptions *options,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
guint source_builder_layers (const SourceBuilder *builder);
/* The next layer, packed or not. blob is the digest that names the bytes of the range, or NULL.
 * *in_place (may be NULL) tells whether the image reads from range->fd from now on. */
gboolean source_builder_add (SourceBuilder *builder, const SourceRange *range, const Digest *blob,
                             gboolean *in_place, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The next layer, whose digest was taken when it was unpacked. */
gboolean source_builder_add_unpacked (SourceBuilder *builder, const LayerTar *layer,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The image reads from descriptors that others own, too. Before the first layer. */
void source_builder_share (SourceBuilder *builder, GPtrArray *fds);
/* Gives a descriptor to the image, which closes it. */
void source_builder_own (SourceBuilder *builder, int fd);
/* All layers must have been added. The builder stays to be freed. */
SourceImage *source_builder_finish (SourceBuilder *builder,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
void source_builder_free (SourceBuilder *builder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SourceBuilder, source_builder_free)

/* One transport each. where is what follows "TRANSPORT:". */
SourceImage *source_docker_archive_open (const char *where, const SourceOptions *options,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
SourceImage *source_docker_daemon_open (const char *where, const SourceOptions *options,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
SourceImage *source_oci_open (const char *where, const SourceOptions *options,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
SourceImage *source_oci_archive_open (const char *where, const SourceOptions *options,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The image that wanted names (NULL: the only one) in an archive of docker's form. */
SourceImage *source_docker_tar_read (SourceTar *tar, const char *wanted,
                                     const SourceOptions *options,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Asks the engine for the image as an archive, which it writes to fd. */
gboolean source_engine_save (const char *image, const SourceOptions *options, int fd,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Splits "PATH[:REST]"; *rest is NULL without one. The path begins in options->dir. */
char *source_split_path (const char *where, const SourceOptions *options, const char **rest);
