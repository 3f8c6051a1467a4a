/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/verb-host.h"

#include <signal.h>
#include <sys/stat.h>

void
host_options_clear (HostOptions *options)
{
    g_free (options->engine);
    g_free (options->trust);
    g_free (options->root);
}

void
verb_host_signals (gboolean hold)
{
    sigset_t set;

    sigemptyset (&set);
    sigaddset (&set, SIGINT);
    sigaddset (&set, SIGTERM);
    sigprocmask (hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

Launcher *
verb_host_begin (gboolean hold_signals, NetworkBarrier *barrier, GError **error)
{
    g_autoptr (Launcher) launcher = NULL;

    /* What is private says so where it is made; playbooks expect the usual. */
    umask (022);
    signal (SIGPIPE, SIG_IGN);
    /* A console that is lost must not leave the host half changed. */
    if (hold_signals)
        signal (SIGHUP, SIG_IGN);
    launcher = launcher_start (error);
    if (launcher == NULL || !network_leave (barrier, error))
        return NULL;
    if (hold_signals)
        verb_host_signals (TRUE);
    return g_steal_pointer (&launcher);
}

RunOptions
verb_host_run_options (const HostOptions *options, const char *path, gboolean write)
{
    return (RunOptions){
        .path = path,
        .engine = options->engine,
        .trust = options->trust,
        .root = options->root,
        .no_copy = options->no_copy,
        .write = write,
    };
}
