/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* The manifest.json of an archive that docker or podman saved. Older forms (`repositories` and a
 * folder per layer alone) are not read. */

typedef struct {
    char *config;  /* member names */
    char **layers; /* lowest first */
    char **names;  /* RepoTags; may be empty */
} DockerImage;

/* Returns DockerImage elements, at least one. */
GPtrArray *docker_manifest_parse (GBytes *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The image that wanted names ("NAME:TAG", or "@N" for the Nth, from 0), or the only one where
 * wanted is NULL. Borrowed. The message lists what is there. */
const DockerImage *docker_manifest_find (GPtrArray *images, const char *wanted,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
