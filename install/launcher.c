/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/launcher.h"

#include "install/launcher-child.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct Launcher {
    pid_t pid;
    int fd;
};

Launcher *
launcher_start (GError **error)
{
    Launcher *launcher;
    int pair[2];
    pid_t pid;

    if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot make the launcher's socket"), NULL;
    pid = fork ();
    if (pid == 0) {
        close (pair[0]);
        launcher_child (pair[1]);
    }
    close (pair[1]);
    if (pid < 0) {
        fail_errno (error, ERR_FAILED, errno, "cannot start the launcher");
        close (pair[0]);
        return NULL;
    }
    launcher = g_new0 (Launcher, 1);
    launcher->pid = pid;
    launcher->fd = pair[0];
    return launcher;
}

void
launcher_free (Launcher *launcher)
{
    if (launcher == NULL)
        return;
    file_clear_fd (&launcher->fd);
    while (waitpid (launcher->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    g_free (launcher);
}

static gboolean
lost (GError **error)
{
    return fail (error, ERR_FAILED, "the launcher process is gone; see the kernel's log");
}

static gboolean
ask (Launcher *launcher, GVariant *request, GError **error)
{
    g_autoptr (GVariant) owned = g_variant_ref_sink (request);

    return launcher_send (launcher->fd, LAUNCHER_REQUEST, g_variant_get_data (owned),
                          g_variant_get_size (owned)) ||
           lost (error);
}

/* Waits for a message; sees to it that a job that is to stop is told so. */
static gboolean
await_message (Launcher *launcher, const LauncherJob *job)
{
    struct pollfd fds[2] = { { launcher->fd, POLLIN, 0 }, { -1, POLLIN, 0 } };

    if (job == NULL || job->stop == NULL)
        return TRUE;
    fds[1].fd = job->stop_fd;
    while (fds[0].revents == 0) {
        if (poll (fds, G_N_ELEMENTS (fds), -1) < 0)
            fds[0].revents = fds[1].revents = 0;
        if (fds[1].revents != 0 && job->stop (job->stop_data) &&
            !launcher_send (launcher->fd, LAUNCHER_INTERRUPT, "", 0))
            return FALSE;
    }
    return TRUE;
}

/* Reads messages until the one that ends the job. */
static gboolean
await_end (Launcher *launcher, const LauncherJob *job, LauncherOutput output, gpointer data,
           int *status, char **text, GError **error)
{
    for (;;) {
        g_autoptr (GBytes) payload = NULL;
        g_autoptr (GVariant) end = NULL;
        LauncherKind kind;
        gsize length;
        const guint8 *bytes;

        if (!await_message (launcher, job) || !launcher_receive (launcher->fd, &kind, &payload))
            return lost (error);
        bytes = g_bytes_get_data (payload, &length);
        if (kind == LAUNCHER_OUTPUT && output != NULL)
            output (bytes, length, data);
        if (kind != LAUNCHER_END)
            continue;
        end = g_variant_ref_sink (
            g_variant_new_from_bytes (G_VARIANT_TYPE (LAUNCHER_END_TYPE), payload, FALSE));
        g_variant_get (end, LAUNCHER_END_TYPE, status, text);
        return TRUE;
    }
}

gboolean
launcher_run (Launcher *launcher, const LauncherJob *job, LauncherOutput output, gpointer data,
              int *status, GError **error)
{
    g_autofree char *text = NULL;
    int found;

    if (!ask (launcher,
              g_variant_new (LAUNCHER_REQUEST_BUILD, (guint8)LAUNCHER_RUN,
                             g_variant_new_bytestring_array (job->argv, -1),
                             g_variant_new_bytestring_array (job->env, -1), job->dir,
                             job->milliseconds, (guint8)job->streams),
              error) ||
        !await_end (launcher, job, output, data, &found, &text, error))
        return FALSE;
    *status = found;
    return TRUE;
}

gboolean
launcher_http (Launcher *launcher, const char *url, guint milliseconds, LauncherOutput output,
               gpointer data, guint *status, GError **error)
{
    g_autofree char *text = NULL;
    const char *const argv[] = { url, NULL }, *const env[] = { NULL };
    int found;

    if (!ask (launcher,
              g_variant_new (LAUNCHER_REQUEST_BUILD, (guint8)LAUNCHER_HTTP,
                             g_variant_new_bytestring_array (argv, -1),
                             g_variant_new_bytestring_array (env, -1), "/", milliseconds,
                             (guint8)LAUNCHER_BOTH),
              error) ||
        !await_end (launcher, NULL, output, data, &found, &text, error))
        return FALSE;
    if (found < 0)
        return fail (error, ERR_FAILED, "%s", text);
    *status = (guint)found;
    return TRUE;
}
