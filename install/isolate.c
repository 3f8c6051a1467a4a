/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/isolate.h"

#include "manifest/confine.h"
#include "manifest/error.h"
#include "manifest/surroundings.h"
#include "manifest/message.h"

#include <errno.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* clang-format off */
#define REFUSED(name) { SCMP_SYS (name), EPERM, 0, 0, 0 }
#define POWER(name) (1ULL << (name))
/* clang-format on */

/* Programs and other processes; what is mounted; the kernel, its keys and its clock. None of it is
 * needed here, and some of it is how a process that was taken over gets further. */
static const ConfineCall refused[] = {
    REFUSED (execve),
    REFUSED (execveat),
#ifndef __SANITIZE_ADDRESS__
    REFUSED (ptrace), /* how leaks are looked for */
#endif
    REFUSED (process_vm_readv),
    REFUSED (process_vm_writev),
    REFUSED (process_madvise),
    REFUSED (pidfd_getfd),
    REFUSED (kcmp),
    REFUSED (personality),
    REFUSED (uselib),
    REFUSED (modify_ldt),
    REFUSED (mount),
    REFUSED (umount2),
    REFUSED (pivot_root),
    REFUSED (chroot),
    REFUSED (move_mount),
    REFUSED (open_tree),
    REFUSED (fsopen),
    REFUSED (fsconfig),
    REFUSED (fsmount),
    REFUSED (fspick),
    REFUSED (mount_setattr),
    REFUSED (setns),
    REFUSED (unshare),
    REFUSED (mknod),
    REFUSED (mknodat),
    REFUSED (open_by_handle_at),
    REFUSED (name_to_handle_at),
    REFUSED (quotactl),
    REFUSED (quotactl_fd),
    REFUSED (swapon),
    REFUSED (swapoff),
    REFUSED (acct),
    REFUSED (bpf),
    REFUSED (perf_event_open),
    REFUSED (userfaultfd),
    REFUSED (io_uring_setup),
    REFUSED (io_uring_enter),
    REFUSED (io_uring_register),
    REFUSED (add_key),
    REFUSED (request_key),
    REFUSED (keyctl),
    REFUSED (init_module),
    REFUSED (finit_module),
    REFUSED (delete_module),
    REFUSED (kexec_load),
    REFUSED (kexec_file_load),
    REFUSED (reboot),
    REFUSED (settimeofday),
    REFUSED (clock_settime),
    REFUSED (clock_adjtime),
    REFUSED (adjtimex),
    REFUSED (sethostname),
    REFUSED (setdomainname),
    REFUSED (syslog),
    REFUSED (vhangup),
    REFUSED (iopl),
    REFUSED (ioperm),
};

/* What is placed belongs to whom the release says, in folders of anybody; the reader of content
 * becomes another user, and is ended. What is put back has all its attributes again: those named
 * security.* and trusted.* need the last two, of which the calls above leave little else. */
#define POWERS                                                                                     \
    (POWER (CAP_CHOWN) | POWER (CAP_DAC_OVERRIDE) | POWER (CAP_FOWNER) | POWER (CAP_FSETID) |      \
     POWER (CAP_KILL) | POWER (CAP_SETGID) | POWER (CAP_SETUID) | POWER (CAP_SETFCAP) |            \
     POWER (CAP_SYS_ADMIN))

/* Secrets of the host lie in its memory. */
static gboolean
hide_memory (GError **error)
{
    const struct rlimit none = { 0, 0 };

    if (setrlimit (RLIMIT_CORE, &none) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot do without core files");
#ifndef __SANITIZE_ADDRESS__
    /* A plain user could not look at /proc/self any more, and has no secrets here. */
    if (geteuid () == 0 && prctl (PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot hide the memory of this process");
#endif
    return TRUE;
}

gboolean
isolate_process (NetworkBarrier *barrier, GError **error)
{
    return network_leave (barrier, error) && hide_memory (error) && confine_privileges (error) &&
           confine_capabilities_to (POWERS, error) &&
           confine_calls (refused, G_N_ELEMENTS (refused), CONFINE_OTHERS_ALLOWED, error);
}

void
isolate_note (NetworkBarrier barrier, GPtrArray *notes)
{
    if (geteuid () != 0)
        return;
    if (barrier != NETWORK_NAMESPACE)
        g_ptr_array_add (notes,
                         message_printf ("no network namespace can be made here: a filter alone "
                                         "keeps what reads the bundle from the network"));
    if (!confine_has_folders ())
        g_ptr_array_add (notes,
                         message_printf ("this kernel has no landlock (Linux 5.19 and later): "
                                         "what handles the release's tree is not kept to its "
                                         "folders"));
}

gboolean
isolate_alone (GError **error)
{
    NetworkBarrier barrier;

    surroundings_shed ();
    return isolate_process (&barrier, error);
}
