/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/extract.h"

#include "manifest/error.h"
#include "manifest/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef DIR Directory;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Directory, closedir)

static gboolean
check_empty (int fd, const char *path, GError **error)
{
    autofd int copy = openat (fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    g_autoptr (Directory) dir = copy < 0 ? NULL : fdopendir (copy);
    const struct dirent *entry;

    if (dir == NULL)
        return fail_errno (error, ERR_FAILED, errno, "cannot read directory '%s'", path);
    file_steal_fd (&copy);
    while ((entry = readdir (dir)) != NULL)
        if (strcmp (entry->d_name, ".") != 0 && strcmp (entry->d_name, "..") != 0)
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
