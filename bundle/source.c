/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/source.h"

#include "bundle/source-image.h"
#include "manifest/error.h"

#include <string.h>

static const struct {
    const char *prefix;
    SourceImage *(*open) (const char *where, const SourceOptions *options, GError **error);
} transports[] = {
    { "docker-archive:", source_docker_archive_open },
    { "docker-daemon:", source_docker_daemon_open },
    { "oci:", source_oci_open },
    { "oci-archive:", source_oci_archive_open },
};

char *
source_split_path (const char *where, const SourceOptions *options, const char **rest)
{
    const char *colon = strchr (where, ':');
    g_autofree char *path = colon == NULL ? g_strdup (where) : g_strndup (where, colon - where);

    *rest = colon == NULL ? NULL : colon + 1;
    if (options->dir == NULL || g_path_is_absolute (path))
        return g_steal_pointer (&path);
    return g_build_filename (options->dir, path, NULL);
}

static SourceImage *
open_transport (const char *from, const SourceOptions *options, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS (transports); i++) {
        const char *prefix = transports[i].prefix;

        if (!g_str_has_prefix (from, prefix))
            continue;
        if (from[strlen (prefix)] == '\0')
            return fail_null (error, ERR_FORMAT, "nothing follows '%s'", prefix);
        return transports[i].open (from + strlen (prefix), options, error);
    }
    return fail_null (
        error, ERR_FORMAT,
        "unknown transport; known are docker://, docker-archive:, docker-daemon:, oci: "
        "and oci-archive:");
}

SourceImage *
source_open (const char *from, const SourceOptions *options, GError **error)
{
    g_autofree char *shown = error_quote (from);
    SourceImage *image = open_transport (from, options, error);

    if (image == NULL)
        fail_prefix (error, "image source '%s'", shown);
    return image;
}
