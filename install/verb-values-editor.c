/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/verb-values.h"

#include "manifest/error.h"
#include "manifest/message.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static gboolean
is_there (const char *program)
{
    g_auto (GStrv) folders = g_strsplit (LAUNCHER_PATH, ":", -1);

    for (char **folder = folders; *folder != NULL; folder++) {
        g_autofree char *path = g_build_filename (*folder, program, NULL);

        if (faccessat (AT_FDCWD, path, X_OK, AT_EACCESS) == 0)
            return TRUE;
    }
    return FALSE;
}

/* As crontab and visudo read it: words, but no shell. */
static char **
parse_editor (const char *variable, const char *text, GError **error)
{
    g_auto (GStrv) words = NULL;

    if (!g_shell_parse_argv (text, NULL, &words, NULL))
        return fail_null (error, ERR_USAGE, "$%s is no command: '%s'", variable, text);
    /* It is started in the folder with the values. */
    if (strchr (words[0], '/') != NULL && *words[0] != '/')
        return fail_null (error, ERR_USAGE,
                          "$%s names an editor by a path that does not begin with '/': '%s'",
                          variable, text);
    return g_steal_pointer (&words);
}

char **
values_find_editor (gboolean *is_chosen, GError **error)
{
    static const char *const variables[] = { "VISUAL", "EDITOR" };
    static const char *const usual[][3] = {
        { "vi" },
        { "nano" },
        { "vim" },
        { "busybox", "vi" },
    };

    *is_chosen = TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS (variables); i++) {
        const char *text = g_getenv (variables[i]);

        if (text != NULL && *text != '\0')
            return parse_editor (variables[i], text, error);
    }
    *is_chosen = FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS (usual); i++)
        if (is_there (usual[i][0]))
            return g_strdupv ((char **)(gpointer)usual[i]);
    return fail_null (error, ERR_NOT_READY,
                      "there is no editor here: $VISUAL and $EDITOR are not set, and there is "
                      "neither vi, nano, vim nor busybox; set each value with 'handcarry values "
                      "set'");
}

/* What is edited holds secrets, and goes however this ends. While the editor runs, Ctrl-C and a
 * lost terminal are for the editor to judge; at a question they are no answer. */
int
values_hold_signals (GError **error)
{
    sigset_t ours;
    int fd;

    sigemptyset (&ours);
    sigaddset (&ours, SIGINT);
    sigaddset (&ours, SIGQUIT);
    sigaddset (&ours, SIGHUP);
    sigaddset (&ours, SIGTERM);
    sigprocmask (SIG_BLOCK, &ours, NULL);
    fd = signalfd (-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        fail_errno (error, ERR_FAILED, errno, "cannot hold signals");
    return fd;
}

void
values_forget_signals (int signals)
{
    struct signalfd_siginfo info;

    while (read (signals, &info, sizeof info) > 0)
        continue;
}

char *
values_ask (int signals, const char *prompt, GError **error)
{
    struct pollfd fds[2] = { { STDIN_FILENO, POLLIN, 0 }, { signals, POLLIN, 0 } };
    g_autofree char *shown = message_shown (prompt);

    fprintf (stderr, "%s", shown);
    fflush (stderr);
    while (poll (fds, G_N_ELEMENTS (fds), -1) < 0)
        continue;
    if (fds[1].revents == 0)
        return verb_ask ("", error);
    return fail_null (error, ERR_USAGE, "no answer was given to '%s'", prompt);
}

gboolean
values_run_editor (Launcher *launcher, char **editor, const char *folder, const char *name,
                   GError **error)
{
    g_auto (GStrv) environment = g_new0 (char *, 1);
    g_autoptr (GPtrArray) words = g_ptr_array_new ();
    LauncherJob job = { .dir = folder, .streams = LAUNCHER_TERMINAL };
    int status;

    for (char **word = editor; *word != NULL; word++)
        g_ptr_array_add (words, *word);
    g_ptr_array_add (words, (gpointer)name);
    g_ptr_array_add (words, NULL);
    environment = g_environ_setenv (environment, "PATH", LAUNCHER_PATH, TRUE);
    /* Where editors keep what was cut (~/.viminfo) and read what to run (~/.vimrc, of another user
     * perhaps, where sudo keeps HOME). */
    environment = g_environ_setenv (environment, "HOME", folder, TRUE);
    environment = g_environ_setenv (environment, "LC_ALL", "C.UTF-8", TRUE);
    environment = g_environ_setenv (environment, "TERM", g_getenv ("TERM") ?: "linux", TRUE);
    /* Where editors put what they do not put beside the file. */
    environment = g_environ_setenv (environment, "TMPDIR", folder, TRUE);
    job.argv = (const char *const *)words->pdata;
    job.env = (const char *const *)environment;
    if (!launcher_run (launcher, &job, NULL, NULL, &status, error))
        return FALSE;
    if (status == 127)
        return fail (error, ERR_NOT_READY,
                     "there is no editor '%s' here; set EDITOR to one that is, or use 'handcarry "
                     "values set'",
                     editor[0]);
    return status == 0 || fail (error, ERR_FAILED,
                                "the editor '%s' ended with exit code %d, so nothing was changed",
                                editor[0], status);
}
