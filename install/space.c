/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/space.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

char *
space_existing (const char *path)
{
    g_autofree char *at = g_strdup (path);
    struct stat st;

    while (fstatat (AT_FDCWD, at, &st, 0) < 0) {
        g_autofree char *up = g_path_get_dirname (at);

        g_free (at);
        at = g_steal_pointer (&up);
    }
    return g_steal_pointer (&at);
}

guint64
space_free (const char *path)
{
    struct statvfs st;

    return statvfs (path, &st) == 0 ? (guint64)st.f_bavail * st.f_frsize : 0;
}

gboolean
space_is_seen (const char *data_root)
{
    struct stat st;

    return *data_root == '/' && fstatat (AT_FDCWD, data_root, &st, 0) == 0;
}
