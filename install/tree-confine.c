/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/tree-child.h"

#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Takes from the worker what it does not need. */

/* What the file system can be asked for, as of version 2 (Linux 5.19), and truncation (6.2). */
#define ACCESS_ALL ((1ULL << 14) - 1)
#define ACCESS_TRUNCATE (1ULL << 14)
#define ACCESS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

static gboolean
allow (int ruleset, int folder, guint64 access, GError **error)
{
    struct landlock_path_beneath_attr rule = { .allowed_access = access, .parent_fd = folder };

    if (syscall (SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot confine the worker to a folder");
    return TRUE;
}

/* Only what lies below these folders can be opened, and what libostree reads of the kernel. Before
 * version 2 a rule would forbid all renames between folders, so nothing is confined there. */
static gboolean
confine_to_folders (const int *folders, GError **error)
{
    struct landlock_ruleset_attr attributes = { .handled_access_fs = ACCESS_ALL };
    long version = syscall (SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    autofd int ruleset = -1;
    autofd int kernel = -1;

    if (version < 2)
        return TRUE;
    if (version >= 3)
        attributes.handled_access_fs |= ACCESS_TRUNCATE;
    ruleset = (int)syscall (SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    if (ruleset < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot confine the worker");
    for (guint i = 0; i < TREE_DESCRIPTORS && folders[i] >= 0; i++)
        if (!allow (ruleset, folders[i], attributes.handled_access_fs, error))
            return FALSE;
    kernel = openat (AT_FDCWD, "/proc/sys/kernel/random", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (kernel >= 0 && !allow (ruleset, kernel, ACCESS_READ, error))
        return FALSE;
    if (syscall (SYS_landlock_restrict_self, ruleset, 0) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot confine the worker");
    return TRUE;
}

static gboolean
refuse_calls (GError **error)
{
    static const int refused[] = {
        SCMP_SYS (execve),
        SCMP_SYS (execveat),
        SCMP_SYS (socket),
        SCMP_SYS (ptrace),
        SCMP_SYS (process_vm_readv),
        SCMP_SYS (mount),
        SCMP_SYS (process_vm_writev),
        SCMP_SYS (umount2),
        SCMP_SYS (pivot_root),
        SCMP_SYS (bpf),
        SCMP_SYS (perf_event_open),
        SCMP_SYS (keyctl),
        SCMP_SYS (io_uring_setup),
        SCMP_SYS (userfaultfd),
        SCMP_SYS (open_by_handle_at),
    };
    scmp_filter_ctx filter = seccomp_init (SCMP_ACT_ALLOW);
    int status = filter != NULL ? 0 : -ENOMEM;

    for (guint i = 0; status == 0 && i < G_N_ELEMENTS (refused); i++)
        status = seccomp_rule_add (filter, SCMP_ACT_ERRNO (EPERM), refused[i], 0);
    if (status == 0)
        status = seccomp_load (filter);
    seccomp_release (filter);
    if (status < 0)
        return fail_errno (error, ERR_FAILED, -status, "cannot filter the worker's system calls");
    return TRUE;
}

/* The files are root's own, so root's powers over others' are not needed. */
static gboolean
drop_capabilities (GError **error)
{
    struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

    if (syscall (SYS_capset, &header, none) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot drop the worker's capabilities");
    return TRUE;
}

gboolean
tree_confine (const int *folders, GError **error)
{
    if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot refuse new privileges");
    return confine_to_folders (folders, error) && drop_capabilities (error) && refuse_calls (error);
}
