/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/launcher-child.h"

#include "install/engine-http.h"
#include "install/launcher.h"
#include "manifest/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MESSAGE_MAX (16 * 1024 * 1024)
#define INTERRUPT_MICROSECONDS (10 * G_TIME_SPAN_SECOND)

typedef struct {
    guint32 kind, length;
} Header;

static gboolean
send_all (int fd, const guint8 *bytes, gsize length)
{
    while (length > 0) {
        ssize_t n = send (fd, bytes, length, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return FALSE;
        bytes += n;
        length -= (gsize)n;
    }
    return TRUE;
}

static gboolean
receive_all (int fd, guint8 *bytes, gsize length)
{
    while (length > 0) {
        ssize_t n = read (fd, bytes, length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return FALSE;
        bytes += n;
        length -= (gsize)n;
    }
    return TRUE;
}

gboolean
launcher_send (int fd, LauncherKind kind, gconstpointer bytes, gsize length)
{
    Header header = { kind, (guint32)length };

    return length <= MESSAGE_MAX && send_all (fd, (const guint8 *)&header, sizeof header) &&
           send_all (fd, bytes, length);
}

gboolean
launcher_receive (int fd, LauncherKind *kind, GBytes **payload)
{
    Header header;
    guint8 *bytes;

    if (!receive_all (fd, (guint8 *)&header, sizeof header) || header.length > MESSAGE_MAX)
        return FALSE;
    bytes = g_malloc (MAX (header.length, 1));
    if (!receive_all (fd, bytes, header.length)) {
        g_free (bytes);
        return FALSE;
    }
    *kind = header.kind;
    *payload = g_bytes_new_take (bytes, header.length);
    return TRUE;
}

static gboolean
send_end (int fd, int status, const char *text)
{
    g_autoptr (GVariant) end = g_variant_ref_sink (g_variant_new (LAUNCHER_END_TYPE, status, text));

    return launcher_send (fd, LAUNCHER_END, g_variant_get_data (end), g_variant_get_size (end));
}

typedef struct {
    guint8 what;
    char **argv, **env;
    char *dir;
    guint32 milliseconds;
    guint8 streams;
} Request;

static void
request_clear (Request *request)
{
    g_strfreev (request->argv);
    g_strfreev (request->env);
    g_free (request->dir);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Request, request_clear)

/* In a session of its own Ctrl-C on the terminal reaches only handcarry, which decides. */
static void
leave_terminal (const Request *request, int output)
{
    int null = openat (AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC);

    setsid ();
    dup2 (null, STDIN_FILENO);
    dup2 (output, STDOUT_FILENO);
    if (request->streams == LAUNCHER_BOTH)
        dup2 (output, STDERR_FILENO);
}

/* The program gets all signals as a fresh process has them, and no descriptor but its three. */
static void
become (const Request *request, int output)
{
    sigset_t none;

    prctl (PR_SET_PDEATHSIG, SIGKILL);
    sigemptyset (&none);
    sigprocmask (SIG_SETMASK, &none, NULL);
    signal (SIGINT, SIG_DFL);
    signal (SIGTERM, SIG_DFL);
    signal (SIGHUP, SIG_DFL);
    signal (SIGQUIT, SIG_DFL);
    signal (SIGPIPE, SIG_DFL);
    if (request->streams != LAUNCHER_TERMINAL)
        leave_terminal (request, output);
    /* execvpe looks in the PATH of this process. */
    setenv ("PATH", g_environ_getenv (request->env, "PATH") ?: "/usr/sbin:/usr/bin:/sbin:/bin", 1);
    if (chdir (request->dir) == 0)
        execvpe (request->argv[0], request->argv, request->env);
    dprintf (STDERR_FILENO, "cannot run '%s' in '%s': %s\n", request->argv[0], request->dir,
             g_strerror (errno));
    _exit (127); /* lint: allow-exit: the child of a fork */
}

static gboolean
forward (int from, int socket, gboolean *more)
{
    guint8 buffer[16384];
    ssize_t n = read (from, buffer, sizeof buffer);

    *more = n > 0 || (n < 0 && errno == EINTR);
    return n <= 0 || launcher_send (socket, LAUNCHER_OUTPUT, buffer, (gsize)n);
}

/* The whole session, as Ctrl-C on a terminal would. */
static void
interrupt (int socket, pid_t pid, gint64 *until)
{
    g_autoptr (GBytes) payload = NULL;
    LauncherKind kind;

    if (launcher_receive (socket, &kind, &payload))
        kill (-pid, SIGINT);
    *until = g_get_monotonic_time () + INTERRUPT_MICROSECONDS;
}

/* poll() of output, pidfd and socket until something comes, the program has ended, or time is over
 * (0). Where there is no pidfd, it is asked for again and again. */
static int
wait_for (struct pollfd fds[3], pid_t pid, gint64 until, gboolean *ended)
{
    for (;;) {
        gint64 left = until == 0 ? -1 : MAX (0, (until - g_get_monotonic_time ()) / 1000 + 1);
        int most = left < 0 ? -1 : (int)MIN (left, G_MAXINT), n;

        if (fds[1].fd < 0)
            most = most < 0 ? KERNEL_ASK_MILLISECONDS : MIN (most, KERNEL_ASK_MILLISECONDS);
        /* Asked before, so that what it wrote last is in the pipe. */
        *ended = fds[1].fd < 0 && kernel_has_ended (pid);
        n = poll (fds, 3, *ended ? 0 : most);
        if (fds[1].fd >= 0)
            *ended = n > 0 && fds[1].revents != 0;
        if (n == 0 && *ended)
            return 1;
        if (n != 0 || fds[1].fd >= 0 || left == 0)
            return n;
    }
}

/* Waits for the program itself, not for the end of its output: what it leaves running may keep the
 * pipe open. FALSE: the other end of the socket is gone, or time is over. */
static gboolean
watch (int socket, int output, int pidfd, pid_t pid, gint64 until, gboolean *timed_out)
{
    for (;;) {
        struct pollfd fds[3] = { { output, POLLIN, 0 },
                                 { pidfd, POLLIN, 0 },
                                 { socket, POLLIN, 0 } };
        gboolean more, ended;
        int n = wait_for (fds, pid, until, &ended);

        if (n < 0 && errno == EINTR)
            continue;
        *timed_out = n == 0;
        if (n <= 0 || (fds[2].revents & (POLLHUP | POLLERR)) != 0)
            return FALSE;
        if (fds[2].revents != 0)
            interrupt (socket, pid, &until);
        if (fds[0].revents != 0 && !forward (output, socket, &more))
            return FALSE;
        if (ended && fds[0].revents == 0)
            return TRUE;
        /* The pipe's end comes before the program's: poll only the latter. */
        if (fds[0].revents != 0 && !more)
            output = -1;
    }
}

/* The processes that this one is the parent of. */
static char **
own_children (void)
{
    g_autofree char *path = g_strdup_printf ("/proc/self/task/%d/children", (int)getpid ());
    g_autofree char *text = NULL;

    if (!g_file_get_contents (path, &text, NULL, NULL))
        return g_new0 (char *, 1);
    return g_strsplit (g_strstrip (text), " ", -1);
}

/* Ends what a program that was killed had started: in sessions of their own, as Ansible's workers
 * are from 2.19 on, they would go on behind the back of whoever recovers. An orphan becomes a child
 * of this process, which is their reaper, so each round finds those of the one before. What ran
 * before the program did is spared. */
static void
kill_orphans (char **before)
{
    gboolean found = TRUE;

    while (found) {
        g_auto (GStrv) children = own_children ();

        found = FALSE;
        for (char **child = children; *child != NULL; child++) {
            pid_t pid = (pid_t)g_ascii_strtoll (*child, NULL, 10);

            if (pid <= 0 || g_strv_contains ((const char *const *)before, *child))
                continue;
            found = TRUE;
            kill (pid, SIGKILL);
            waitpid (pid, NULL, 0);
        }
    }
}

static int
exit_code (int status)
{
    return WIFEXITED (status) ? WEXITSTATUS (status) : 128 + WTERMSIG (status);
}

static gboolean
serve_run (int socket, const Request *request)
{
    gint64 until = request->milliseconds == 0
                       ? 0
                       : g_get_monotonic_time () + (gint64)request->milliseconds * 1000;
    g_auto (GStrv) before = own_children ();
    gboolean timed_out = FALSE, ended;
    int output[2], pidfd, status = 0;
    pid_t pid;

    if (pipe2 (output, O_CLOEXEC) < 0 || (pid = fork ()) < 0)
        return send_end (socket, 127, "cannot start a process");
    if (pid == 0)
        become (request, output[1]);
    close (output[1]);
    fcntl (output[0], F_SETFL, O_NONBLOCK);
    pidfd = pidfd_open (pid, 0);
    ended = watch (socket, output[0], pidfd, pid, until, &timed_out);
    if (!ended) {
        kill (-pid, SIGKILL);
        kill (pid, SIGKILL);
    }
    waitpid (pid, &status, 0);
    if (!ended)
        kill_orphans (before);
    close (output[0]);
    if (pidfd >= 0)
        close (pidfd);
    if (!ended && !timed_out)
        return FALSE;
    return send_end (socket, timed_out ? LAUNCHER_TIMED_OUT : exit_code (status), "");
}

static gboolean
serve_http (int socket, const Request *request)
{
    g_autoptr (GError) error = NULL;
    g_auto (EngineReply) reply = { 0 };
    gsize length;
    const guint8 *body;

    if (!engine_http_get (request->argv[0], request->milliseconds, &reply, &error))
        return send_end (socket, -1, error->message);
    body = g_bytes_get_data (reply.body, &length);
    return (length == 0 || launcher_send (socket, LAUNCHER_OUTPUT, body, length)) &&
           send_end (socket, (int)reply.status, "");
}

static gboolean
serve (int socket)
{
    g_autoptr (GBytes) payload = NULL;
    g_autoptr (GVariant) message = NULL;
    g_auto (Request) request = { 0 };
    LauncherKind kind;

    if (!launcher_receive (socket, &kind, &payload))
        return FALSE;
    /* Sent while the program was ending by itself. */
    if (kind == LAUNCHER_INTERRUPT)
        return TRUE;
    message = g_variant_ref_sink (
        g_variant_new_from_bytes (G_VARIANT_TYPE (LAUNCHER_REQUEST_TYPE), payload, FALSE));
    g_variant_get (message, LAUNCHER_REQUEST_READ, &request.what, &request.argv, &request.env,
                   &request.dir, &request.milliseconds, &request.streams);
    return request.what == LAUNCHER_HTTP ? serve_http (socket, &request)
                                         : serve_run (socket, &request);
}

void
launcher_child (int fd)
{
    /* Ctrl-C and a lost terminal are for the other process to judge. */
    signal (SIGINT, SIG_IGN);
    signal (SIGTERM, SIG_IGN);
    signal (SIGHUP, SIG_IGN);
    signal (SIGQUIT, SIG_IGN);
    prctl (PR_SET_NAME, "launcher", 0, 0, 0);
    prctl (PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    while (serve (fd))
        continue;
    _exit (0); /* lint: allow-exit: the child of a fork */
}
