/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/tree-child.h"

#include "manifest/confine.h"

#include <errno.h>
#include <seccomp.h>

#define REFUSED(name)                                                                              \
    {                                                                                              \
        SCMP_SYS (name), EPERM                                                                     \
    }

/* Takes from the worker what it does not need. The files are root's own, so root's powers over
 * others' are not needed. */
gboolean
tree_confine (const int *folders, GError **error)
{
    static const ConfineCall refused[] = {
        REFUSED (execve),
        REFUSED (execveat),
        REFUSED (socket),
        REFUSED (ptrace),
        REFUSED (process_vm_readv),
        REFUSED (mount),
        REFUSED (process_vm_writev),
        REFUSED (umount2),
        REFUSED (pivot_root),
        REFUSED (bpf),
        REFUSED (perf_event_open),
        REFUSED (keyctl),
        REFUSED (io_uring_setup),
        REFUSED (userfaultfd),
        REFUSED (open_by_handle_at),
    };

    return confine_privileges (error) && confine_folders (folders, WIRE_DESCRIPTORS, error) &&
           confine_capabilities (error) &&
           confine_calls (refused, G_N_ELEMENTS (refused), CONFINE_OTHERS_ALLOWED, error);
}
