/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* A process forked before the network is left: what needs the host's network (playbooks, health
 * checks) is started by it. It ends with the process that made it, and takes what runs with it. */
typedef struct Launcher Launcher;

/* Call before there are threads. */
Launcher *launcher_start (GError **error) G_GNUC_WARN_UNUSED_RESULT;
void launcher_free (Launcher *launcher);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Launcher, launcher_free)

/* What a program has for its three descriptors. */
typedef enum {
    LAUNCHER_BOTH,     /* nothing to read; both outputs are collected */
    LAUNCHER_STDOUT,   /* the same, but stderr is this process's own */
    LAUNCHER_TERMINAL, /* this process's own, and it stays in its session: an editor */
} LauncherStreams;

typedef struct {
    const char *const *argv; /* argv[0] is looked up in the PATH of env */
    const char *const *env;  /* all of the program's environment */
    const char *dir;
    guint milliseconds; /* 0: as long as it takes */
    /* Where not NULL: asked whenever stop_fd can be read, which it has to do. With TRUE the program
     * gets a SIGINT, and ten seconds later a SIGKILL. */
    gboolean (*stop) (gpointer data);
    gpointer stop_data;
    int stop_fd;
    LauncherStreams streams;
} LauncherJob;

/* Takes what of the program's output is collected, as it comes. */
typedef void (*LauncherOutput) (const guint8 *bytes, gsize length, gpointer data);

#define LAUNCHER_TIMED_OUT (-1)
/* What PATH is for all that is started. */
#define LAUNCHER_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Runs a program to its end. *status is its exit code, 128 + N after signal N, 127 where it could
 * not be started, or LAUNCHER_TIMED_OUT. */
gboolean launcher_run (Launcher *launcher, const LauncherJob *job, LauncherOutput output,
                       gpointer data, int *status, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* GET of a URL from the host's network: the HTTP status; output (may be NULL) gets the beginning of
 * the body. ERR_FAILED with the reason where there is no answer. */
gboolean launcher_http (Launcher *launcher, const char *url, guint milliseconds,
                        LauncherOutput output, gpointer data, guint *status,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
