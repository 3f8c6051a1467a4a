/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/network.h"

#include "manifest/error.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/socket.h>

static gboolean
filter_sockets (GError **error)
{
    scmp_filter_ctx filter = seccomp_init (SCMP_ACT_ALLOW);
    int status;

    if (filter == NULL)
        return fail (error, ERR_FAILED, "cannot make a socket filter");
    status = seccomp_rule_add (filter, SCMP_ACT_ERRNO (EAFNOSUPPORT), SCMP_SYS (socket), 1,
                               SCMP_A0 (SCMP_CMP_NE, AF_UNIX));
    if (status == 0)
        status = seccomp_load (filter);
    seccomp_release (filter);
    if (status < 0)
        return fail_errno (error, ERR_FAILED, -status, "cannot take the network from this process");
    return TRUE;
}

gboolean
network_leave (NetworkBarrier *barrier, GError **error)
{
    *barrier = unshare (CLONE_NEWNET) == 0 ? NETWORK_NAMESPACE : NETWORK_FILTER;
    /* Also within the namespace: who is in it may not talk to the kernel through sockets either. */
    return filter_sockets (error);
}

const char *
network_barrier_name (NetworkBarrier barrier)
{
    return barrier == NETWORK_NAMESPACE ? "empty network namespace" : "socket filter";
}
