/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/source-image.h"
#include "manifest/file.h"

SourceImage *
source_docker_daemon_open (const char *where, const SourceOptions *options, GError **error)
{
    g_autoptr (SourceTar) tar = NULL;
    autofd int fd = file_temporary (options->tmpdir, error);

    if (fd < 0 || !source_engine_save (where, options, fd, error))
        return NULL;
    tar = source_tar_open (file_steal_fd (&fd), "what the engine saved", options->tmpdir,
                           options->progress, error);
    if (tar == NULL)
        return NULL;
    return source_docker_tar_read (tar, NULL, options, error);
}
