/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/decode.h"

#include "bundle/reader.h"
#include "manifest/confine.h"
#include "manifest/error.h"
#include "manifest/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Beyond what it is forked with. Two frames of each stream and their compressed bytes, the region
 * meta and the recipes' files in memory fit (manifest/limits.h). */
#define MEMORY_BYTES (2ULL * 1024 * 1024 * 1024)
/* The spool is first fit: its end can lie behind what is in use. */
#define FILE_BYTES (4 * LIMIT_SPOOL_BYTES)
/* Beside the parts of the bundle: the standard three, socket, copy, and a spool for each pass. */
#define DESCRIPTORS 24

/* clang-format off */
#define ALLOWED(name) { SCMP_SYS (name), 0, 0, 0, 0 }
#define ALLOWED_WITH(name, argument, mask, value) { SCMP_SYS (name), 0, argument, mask, value }
#define REFUSED(name, number) { SCMP_SYS (name), number, 0, 0, 0 }
/* clang-format on */

/* All that memory, threads, descriptors that are open, and an end of its own take. */
static const ConfineCall allowed[] = {
    ALLOWED (read),
    ALLOWED (readv),
    ALLOWED (write),
    ALLOWED (writev),
    ALLOWED (pread64),
    ALLOWED (pwrite64),
    ALLOWED (lseek),
    ALLOWED (fallocate),
    ALLOWED (ftruncate),
    ALLOWED (fstat),
    ALLOWED (close),
    ALLOWED (sendmsg),
    ALLOWED (recvmsg),
    ALLOWED (recvfrom),
    ALLOWED_WITH (mmap, 2, PROT_EXEC, 0),
    ALLOWED_WITH (mprotect, 2, PROT_EXEC, 0),
    ALLOWED (munmap),
    ALLOWED (mremap),
    ALLOWED (madvise),
    ALLOWED (brk),
    ALLOWED (futex),
    ALLOWED_WITH (clone, 0, CLONE_THREAD, CLONE_THREAD),
    REFUSED (clone3, ENOSYS), /* its flags lie in memory; the C library takes clone instead */
    ALLOWED (set_robust_list),
    ALLOWED (rseq),
    ALLOWED (sched_yield),
    ALLOWED (sched_getaffinity),
    ALLOWED_WITH (prctl, 0, G_MAXUINT64, PR_SET_NAME),
    ALLOWED (getpid),
    ALLOWED (gettid),
    ALLOWED (getrandom),
    ALLOWED (clock_gettime),
    ALLOWED (clock_nanosleep),
    ALLOWED (gettimeofday),
    ALLOWED_WITH (prlimit64, 2, G_MAXUINT64, 0),
    ALLOWED (rt_sigaction),
    ALLOWED (rt_sigprocmask),
    ALLOWED (rt_sigreturn),
    ALLOWED (sigaltstack),
    ALLOWED (restart_syscall),
    ALLOWED (exit),
    ALLOWED (exit_group),
    /* The C library looks for files of its own (languages, processors), and does without. */
    REFUSED (open, EACCES),
    REFUSED (openat, EACCES),
    REFUSED (openat2, EACCES),
    REFUSED (stat, EACCES),
    REFUSED (lstat, EACCES),
    REFUSED (statx, EACCES),
    REFUSED (access, EACCES),
    REFUSED (faccessat, EACCES),
    REFUSED (faccessat2, EACCES),
    REFUSED (readlink, EACCES),
    REFUSED (readlinkat, EACCES),
    REFUSED (getcwd, EACCES),
    REFUSED (ioctl, ENOTTY),
    ALLOWED_WITH (newfstatat, 3, AT_EMPTY_PATH, AT_EMPTY_PATH),
};

/* It may end itself, but nothing else. */
static gboolean
filter_calls (GError **error)
{
    ConfineCall calls[G_N_ELEMENTS (allowed) + 1];
    guint count = 0;

    for (; count < G_N_ELEMENTS (allowed); count++)
        calls[count] = allowed[count];
    calls[count++] = (ConfineCall)ALLOWED_WITH (tgkill, 0, G_MAXUINT64, (guint64)getpid ());
    return confine_calls (calls, count, CONFINE_OTHERS_KILL, error);
}

static gboolean
keep_descriptors (const Bundle *bundle, int socket, GError **error)
{
    g_autoptr (GArray) kept = parts_descriptors (bundle->parts);

    g_array_append_val (kept, socket);
    return confine_descriptors ((const int *)(gpointer)kept->data, kept->len, error) &&
           confine_limits (MEMORY_BYTES, DESCRIPTORS + kept->len, FILE_BYTES, error);
}

/* Ends with the caller; another user loses that, so it comes after. Ctrl-C and a lost terminal are
 * for the caller to judge. */
static gboolean
end_with (pid_t caller, GError **error)
{
    signal (SIGINT, SIG_IGN);
    signal (SIGTERM, SIG_IGN);
    signal (SIGHUP, SIG_IGN);
    if (prctl (PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || prctl (PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot bind a process to its parent");
    return getppid () == caller || fail (error, ERR_FAILED, "the other process is gone");
}

gboolean
decode_confine (const Bundle *bundle, int socket, GError **error)
{
    pid_t caller = getppid ();

    prctl (PR_SET_NAME, "bundle-reader", 0, 0, 0);
    return keep_descriptors (bundle, socket, error) && confine_privileges (error) &&
           confine_user (error) && end_with (caller, error) && confine_folders (NULL, 0, error) &&
           confine_capabilities (error) && filter_calls (error);
}
