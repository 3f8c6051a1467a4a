/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/source-image.h"
#include "manifest/file.h"

#include <string.h>

SourceImage *
source_docker_daemon_open (const char *where, const SourceOptions *options, GError **error)
{
    g_autoptr (SourceTar) tar = NULL;
    gboolean by_id;
    autofd int fd = file_temporary (options->tmpdir, error);

    if (fd < 0 || !source_engine_save (where, options, fd, error))
        return NULL;
    tar = source_tar_open (file_steal_fd (&fd), "what the engine saved", options->tmpdir,
                           options->progress, error);
    if (tar == NULL)
        return NULL;
    /* An ID is no name: what is asked for by one comes without any. */
    by_id = strchr (where, '@') != NULL || g_str_has_prefix (where, "sha256:");
    return source_docker_tar_read (tar, by_id ? NULL : where, options, error);
}
