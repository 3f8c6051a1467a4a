/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/kernel.h"

#include "manifest/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The errno of one step: O_DIRECTORY | O_NOFOLLOW calls a symlink what is not a directory. */
static int
reason (int dirfd, const char *name, int number)
{
    struct stat st;

    if (number == ENOTDIR && fstatat (dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISLNK (st.st_mode))
        return ELOOP;
    return number;
}

/* Each step names one entry of a folder that is held open and follows nothing, so that whatever is
 * renamed or replaced meanwhile, it ends beneath dirfd or fails. */
static int
walk (int dirfd, char **names, int flags)
{
    autofd int folder = -1;
    int at = dirfd, last;

    for (; names[1] != NULL; names++) {
        int next = openat (at, names[0], O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (next < 0) {
            errno = reason (at, names[0], errno);
            return -1;
        }
        file_clear_fd (&folder);
        at = folder = next;
    }
    last = openat (at, names[0], flags | O_NOFOLLOW, (flags & O_CREAT) ? 0600 : 0);
    if (last < 0)
        errno = reason (at, names[0], errno);
    return last;
}

static int
open_by_steps (int dirfd, const char *path, int flags)
{
    g_auto (GStrv) names = g_strsplit (path, "/", -1);
    guint kept = 0;

    if (*path == '/' || g_strv_contains ((const char *const *)names, "..")) {
        errno = EXDEV;
        return -1;
    }
    if (*path == '\0' || strlen (path) >= PATH_MAX) {
        errno = *path == '\0' ? ENOENT : ENAMETOOLONG;
        return -1;
    }
    if (g_str_has_suffix (path, "/"))
        flags |= O_DIRECTORY;
    for (guint i = 0; names[i] != NULL; i++) {
        char *name = names[i];
        names[i] = NULL;
        if (*name == '\0' || (strcmp (name, ".") == 0 && (kept > 0 || names[i + 1] != NULL)))
            g_free (name);
        else
            names[kept++] = name;
    }
    if (kept == 0)
        names[0] = g_strdup (".");
    return walk (dirfd, names, flags);
}

int
kernel_open_below (int dirfd, const char *path, int flags)
{
    struct open_how how = {
        .flags = (guint64)flags | O_CLOEXEC | O_NOCTTY,
        .mode = (flags & O_CREAT) ? 0600 : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    int fd = (int)syscall (SYS_openat2, dirfd, path, &how, sizeof how);

    if (fd >= 0 || errno != ENOSYS)
        return fd;
    return open_by_steps (dirfd, path, flags | O_CLOEXEC | O_NOCTTY);
}

/* Where there is no /proc: all that the limit allows. One opened before the limit was lowered would
 * be missed, but handcarry lowers it nowhere before. */
static gboolean
close_by_limit (guint first, guint last)
{
    struct rlimit limit;

    if (getrlimit (RLIMIT_NOFILE, &limit) < 0)
        return FALSE;
    for (guint fd = first; fd <= last && fd < limit.rlim_max; fd++)
        close ((int)fd);
    return TRUE;
}

static gboolean
close_by_list (guint first, guint last)
{
    int proc = openat (AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = proc >= 0 ? fdopendir (proc) : NULL;
    g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (guint));
    const struct dirent *entry;

    if (folder == NULL)
        return close_by_limit (first, last);
    while ((entry = readdir (folder)) != NULL) {
        guint64 number;
        guint fd;
        if (!g_ascii_string_to_unsigned (entry->d_name, 10, first, last, &number, NULL))
            continue;
        fd = (guint)number;
        if ((int)fd != proc)
            g_array_append_val (found, fd);
    }
    closedir (folder);
    for (guint i = 0; i < found->len; i++)
        close ((int)g_array_index (found, guint, i));
    return TRUE;
}

gboolean
kernel_close_range (guint first, guint last)
{
    if (close_range (first, last, 0) == 0)
        return TRUE;
    return errno == ENOSYS && close_by_list (first, last);
}

gboolean
kernel_has_ended (pid_t child)
{
    siginfo_t info = { 0 };

    return waitid (P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == child;
}
