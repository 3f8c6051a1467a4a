/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/extract.h"

#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean
check_empty (int fd, const char *path, GError **error)
{
    g_autoptr (GPtrArray) names = file_list (fd, path, error);

    if (names == NULL)
        return FALSE;
    if (names->len > 0)
        return fail (error, ERR_USAGE,
                     "'%s' is not empty; name a folder that is, or one that is not there yet",
                     path);
    return TRUE;
}

int
extract_open_dir (const char *path, GError **error)
{
    gboolean made = mkdirat (AT_FDCWD, path, 0755) == 0;
    autofd int fd = -1;

    if (!made && errno != EEXIST) {
        fail_errno (error, ERR_FAILED, errno, "cannot make directory '%s'", path);
        return -1;
    }
    fd = file_open_dir_given (path, error);
    if (fd < 0 || !check_empty (fd, path, error))
        return -1;
    if (made && fchmod (fd, 0755) < 0) {
        fail_errno (error, ERR_FAILED, errno, "cannot set the mode of '%s'", path);
        return -1;
    }
    return file_steal_fd (&fd);
}
