/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/confine.h"

#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY 65534

/* What the file system can be asked for, as of version 1 (Linux 5.13); renames between folders
 * (5.19) and truncation (6.2). */
#define ACCESS_ALL ((1ULL << 13) - 1)
#define ACCESS_REFER (1ULL << 13)
#define ACCESS_TRUNCATE (1ULL << 14)
#define ACCESS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

gboolean
confine_privileges (GError **error)
{
    if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot refuse new privileges");
    return TRUE;
}

static gboolean
allow (int ruleset, int folder, guint64 access, GError **error)
{
    struct landlock_path_beneath_attr rule = { .allowed_access = access, .parent_fd = folder };

    if (syscall (SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot confine a process to a folder");
    return TRUE;
}

/* Before version 2 a rule would forbid all renames between folders. */
static guint64
access_of (long version, guint folders)
{
    if (version < (folders > 0 ? 2 : 1))
        return 0;
    return ACCESS_ALL | (version >= 2 ? ACCESS_REFER : 0) | (version >= 3 ? ACCESS_TRUNCATE : 0);
}

/* With folders, also what libostree reads of the kernel. */
static gboolean
allow_all (int ruleset, const int *folders, guint count, guint64 access, GError **error)
{
    autofd int kernel = -1;

    for (guint i = 0; i < count; i++)
        if (folders[i] >= 0 && !allow (ruleset, folders[i], access, error))
            return FALSE;
    if (count > 0)
        kernel = openat (AT_FDCWD, "/proc/sys/kernel/random", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return kernel < 0 || allow (ruleset, kernel, ACCESS_READ, error);
}

static long
landlock_version (void)
{
    return syscall (SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

gboolean
confine_has_folders (void)
{
    return access_of (landlock_version (), 1) != 0;
}

gboolean
confine_folders (const int *folders, guint count, GError **error)
{
    struct landlock_ruleset_attr attributes = { .handled_access_fs =
                                                    access_of (landlock_version (), count) };
    autofd int ruleset = -1;

    if (attributes.handled_access_fs == 0)
        return TRUE;
    ruleset = (int)syscall (SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    if (ruleset < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot confine a process to folders");
    if (!allow_all (ruleset, folders, count, attributes.handled_access_fs, error))
        return FALSE;
    if (syscall (SYS_landlock_restrict_self, ruleset, 0) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot confine a process to folders");
    return TRUE;
}

gboolean
confine_capabilities (GError **error)
{
    return confine_capabilities_to (0, error);
}

/* From this set nothing comes back, whatever is started. Only who may change it has to. */
static gboolean
empty_bounding_set (guint64 kept)
{
    for (int power = 0; prctl (PR_CAPBSET_READ, power, 0, 0, 0) >= 0; power++)
        if ((kept & (1ULL << power)) == 0 && prctl (PR_CAPBSET_DROP, power, 0, 0, 0) < 0 &&
            errno != EPERM)
            return FALSE;
    return prctl (PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0;
}

gboolean
confine_capabilities_to (guint64 kept, GError **error)
{
    struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { 0 };
    gboolean done = syscall (SYS_capget, &header, sets) == 0 && empty_bounding_set (kept);

    for (guint i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        sets[i].permitted &= (guint32)(kept >> (32 * i));
        sets[i].effective &= sets[i].permitted;
        sets[i].inheritable = 0;
    }
    if (!done || syscall (SYS_capset, &header, sets) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot drop the capabilities of a process");
    return TRUE;
}

/* Root of a user namespace that a plain user made: outside he has no more powers than before, and
 * within it there may be nobody else to become. */
static gboolean
is_root_by_name_only (void)
{
    autofd int fd = openat (AT_FDCWD, "/proc/self/setgroups", O_RDONLY | O_CLOEXEC);
    char word[8] = "";

    return fd >= 0 && read (fd, word, sizeof word - 1) > 0 && g_str_has_prefix (word, "deny");
}

gboolean
confine_user (GError **error)
{
    if (geteuid () != 0 || is_root_by_name_only ())
        return TRUE;
    if (setgroups (0, NULL) < 0 || setresgid (NOBODY, NOBODY, NOBODY) < 0 ||
        setresuid (NOBODY, NOBODY, NOBODY) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot run a process as user %d", NOBODY);
    return TRUE;
}

static gboolean
is_kept (int fd, const int *kept, guint count)
{
    for (guint i = 0; i < count; i++)
        if (kept[i] == fd)
            return TRUE;
    return FALSE;
}

/* The lowest of the kept that is not below at; -1: none is. */
static int
next_kept (int at, const int *kept, guint count)
{
    int lowest = -1;

    for (guint i = 0; i < count; i++)
        if (kept[i] >= at && (lowest < 0 || kept[i] < lowest))
            lowest = kept[i];
    return lowest;
}

static gboolean
fill_standard (const int *kept, guint count, GError **error)
{
    autofd int null = openat (AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC);

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (!is_kept (fd, kept, count) && (null < 0 || (null != fd && dup2 (null, fd) < 0)))
            return fail_errno (error, ERR_FAILED, errno, "cannot open /dev/null");
    if (null <= STDERR_FILENO)
        file_steal_fd (&null);
    return TRUE;
}

gboolean
confine_descriptors (const int *kept, guint count, GError **error)
{
    int at = STDERR_FILENO + 1;

    if (!fill_standard (kept, count, error))
        return FALSE;
    for (;;) {
        int next = next_kept (at, kept, count);

        if (next != at && !kernel_close_range ((guint)at, next < 0 ? ~0U : (guint)next - 1))
            return fail_errno (error, ERR_FAILED, errno, "cannot close descriptors");
        if (next < 0)
            return TRUE;
        at = next + 1;
    }
}

/* Bytes of writable memory that the process has, as RLIMIT_DATA counts them. */
static gboolean
data_bytes (guint64 *bytes, GError **error)
{
    autofd int fd = openat (AT_FDCWD, "/proc/self/statm", O_RDONLY | O_CLOEXEC);
    char text[256] = "";
    guint64 pages;

    if (fd < 0 || read (fd, text, sizeof text - 1) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot read /proc/self/statm");
    /* NOLINTNEXTLINE(cert-err34-c): the kernel's own numbers */
    if (sscanf (text, "%*u %*u %*u %*u %*u %" G_GUINT64_FORMAT, &pages) != 1)
        return fail (error, ERR_FAILED, "/proc/self/statm is not as it should be");
    *bytes = pages * (guint64)sysconf (_SC_PAGESIZE);
    return TRUE;
}

gboolean
confine_limits (guint64 memory, guint descriptors, guint64 file_bytes, GError **error)
{
    const struct rlimit none = { 0, 0 }, files = { descriptors, descriptors },
                        bytes = { file_bytes, file_bytes };
    guint64 now = 0;
    struct rlimit data;

    if (!data_bytes (&now, error))
        return FALSE;
    data = (struct rlimit){ now + memory, now + memory };
    if (setrlimit (RLIMIT_CORE, &none) < 0 || setrlimit (RLIMIT_DATA, &data) < 0 ||
        setrlimit (RLIMIT_NOFILE, &files) < 0 || setrlimit (RLIMIT_FSIZE, &bytes) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot limit a process");
    return TRUE;
}

static int
add_call (scmp_filter_ctx filter, const ConfineCall *call)
{
    uint32_t action =
        call->refusal == 0 ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO ((uint32_t)call->refusal);

    if (call->mask == 0)
        return seccomp_rule_add (filter, action, call->call, 0);
    return seccomp_rule_add (
        filter, action, call->call, 1,
        SCMP_CMP (call->argument, SCMP_CMP_MASKED_EQ, call->mask, call->value));
}

gboolean
confine_calls (const ConfineCall *calls, guint count, ConfineOthers others, GError **error)
{
    scmp_filter_ctx filter =
        seccomp_init (others == CONFINE_OTHERS_KILL ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ALLOW);
    int status = filter != NULL ? 0 : -ENOMEM;

    for (guint i = 0; status == 0 && i < count; i++)
        status = add_call (filter, &calls[i]);
    if (status == 0)
        status = seccomp_load (filter);
    seccomp_release (filter);
    if (status < 0)
        return fail_errno (error, ERR_FAILED, -status, "cannot filter the calls of a process");
    return TRUE;
}
