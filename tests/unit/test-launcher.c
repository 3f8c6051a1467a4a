/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/launcher.h"
#include "install/mask.h"
#include "install/network.h"
#include "install/host.h"
#include "install/queue.h"
#include "manifest/error.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const environment[] = { "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", NULL };

static void
collect (const guint8 *bytes, gsize length, gpointer data)
{
    g_string_append_len (data, (const char *)bytes, (gssize)length);
}

static int
run_shell (Launcher *launcher, const char *script, guint milliseconds, GString *out)
{
    const char *const argv[] = { "sh", "-c", script, NULL };
    LauncherJob job = { argv, environment, "/", milliseconds };
    g_autoptr (GError) error = NULL;
    int status = -2;

    g_assert_true (launcher_run (launcher, &job, collect, out, &status, &error) || error != NULL);
    g_assert_no_error (error);
    return status;
}

static void
test_programs_run_with_exactly_the_given_environment (void)
{
    g_autoptr (Launcher) launcher = launcher_start (NULL);
    g_autoptr (GString) out = g_string_new (NULL);

    g_assert_cmpint (run_shell (launcher, "echo $LC_ALL-$HOME-; echo err >&2; exit 3", 0, out), ==,
                     3);
    g_assert_cmpstr (out->str, ==, "C.UTF-8--\nerr\n");
    g_assert_cmpint (run_shell (launcher, "kill -9 $$", 0, out), ==, 137);
    g_assert_cmpint (run_shell (launcher, "sleep 100", 200, out), ==, LAUNCHER_TIMED_OUT);
}

static void
test_what_a_program_leaves_running_is_not_waited_for (void)
{
    g_autoptr (Launcher) launcher = launcher_start (NULL);
    g_autoptr (GString) out = g_string_new (NULL);
    gint64 start = g_get_monotonic_time ();

    g_assert_cmpint (run_shell (launcher, "sleep 5 & echo done", 0, out), ==, 0);
    g_assert_cmpint (g_get_monotonic_time () - start, <, 3 * G_USEC_PER_SEC);
    g_assert_cmpstr (out->str, ==, "done\n");
}

static pid_t
read_pid (const char *path)
{
    g_autofree char *text = NULL;

    for (guint i = 0; i < 100 && (text == NULL || *text == '\0'); i++) {
        g_clear_pointer (&text, g_free);
        g_usleep (20 * 1000);
        if (!g_file_get_contents (path, &text, NULL, NULL))
            text = NULL;
    }
    g_assert_nonnull (text);
    return (pid_t)g_ascii_strtoll (text, NULL, 10);
}

/* As Ansible's workers do from 2.19 on. What an earlier program left running is spared. */
static void
test_107_what_is_killed_takes_along_what_left_its_session (void)
{
    g_autofree char *dir = g_dir_make_tmp ("handcarry-XXXXXX", NULL);
    g_autofree char *daemon =
        g_strdup_printf ("setsid sh -c 'echo $$ >%s/a; exec sleep 300' &", dir);
    g_autofree char *worker = g_strdup_printf (
        "setsid sh -c 'setsid sh -c \"echo \\$\\$ >%s/b; exec sleep 300\" & sleep 300' & sleep 300",
        dir);
    g_autofree char *first = g_build_filename (dir, "a", NULL);
    g_autofree char *second = g_build_filename (dir, "b", NULL);
    g_autoptr (Launcher) launcher = launcher_start (NULL);
    g_autoptr (GString) out = g_string_new (NULL);
    pid_t spared;

    g_assert_cmpint (run_shell (launcher, daemon, 0, out), ==, 0);
    spared = read_pid (first);
    g_assert_cmpint (run_shell (launcher, worker, 1000, out), ==, LAUNCHER_TIMED_OUT);
    g_assert_cmpint (kill (read_pid (second), 0), ==, -1);
    g_assert_cmpint (kill (spared, 0), ==, 0);
    kill (spared, SIGKILL);
    unlink (first);
    unlink (second);
    rmdir (dir);
}

static void
test_a_program_that_is_not_there_is_127 (void)
{
    const char *const argv[] = { "no-such-program-here", NULL };
    LauncherJob job = { argv, environment, "/", 0 };
    g_autoptr (Launcher) launcher = launcher_start (NULL);
    g_autoptr (GString) out = g_string_new (NULL);
    int status = 0;

    g_assert_true (launcher_run (launcher, &job, collect, out, &status, NULL));
    g_assert_cmpint (status, ==, 127);
    g_assert_nonnull (strstr (out->str, "cannot run 'no-such-program-here'"));
}

static void
test_http_of_nobody_is_an_error (void)
{
    g_autoptr (Launcher) launcher = launcher_start (NULL);
    g_autoptr (GError) error = NULL;
    guint status;

    g_assert_false (
        launcher_http (launcher, "http://127.0.0.1:1/", 2000, NULL, NULL, &status, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_FAILED);
}

/* In a child: the test program itself keeps its network. 0: as it should be. */
static int
check_network (void)
{
    g_autofree char *before = g_file_read_link ("/proc/self/ns/net", NULL);
    g_autofree char *after = NULL;
    NetworkBarrier barrier;

    if (!network_leave (&barrier, NULL))
        return 1;
    after = g_file_read_link ("/proc/self/ns/net", NULL);
    if ((strcmp (before, after) != 0) != (barrier == NETWORK_NAMESPACE))
        return 2;
    return socket (AF_INET, SOCK_STREAM, 0) < 0 && errno == EAFNOSUPPORT ? 0 : 3;
}

static void
test_after_leaving_there_is_no_network (void)
{
    int status;
    pid_t pid = fork ();

    if (pid == 0)
        _exit (check_network ());
    g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
    g_assert_cmpint (status, ==, 0);
}

static void
test_secrets_are_masked_in_every_form (void)
{
    HostValue plain = { (char *)"a", (char *)"hunter2", TRUE };
    HostValue quoted = { (char *)"b", (char *)"p\"q", TRUE };
    HostValue open = { (char *)"c", (char *)"8080", FALSE };
    g_autoptr (GPtrArray) values = g_ptr_array_new ();
    g_autoptr (GString) out = g_string_new (NULL);
    Mask *mask;

    g_ptr_array_add (values, &plain);
    g_ptr_array_add (values, &quoted);
    g_ptr_array_add (values, &open);
    mask = mask_new (values, collect, out);
    mask_add (mask, (const guint8 *)"x hun", 5);
    mask_add (mask, (const guint8 *)"ter2 8080\n{\"p\\\"q\"} p\"q", 22);
    mask_free (mask);
    g_assert_cmpstr (out->str, ==, "x ******** 8080\n{\"********\"} ********");
}

static gpointer
push_all (gpointer data)
{
    guint8 block[1000];
    gboolean taken = TRUE;

    for (guint i = 0; i < 100 && taken; i++) {
        memset (block, (int)i, sizeof block);
        taken = queue_push (data, block, sizeof block);
    }
    queue_close (data, taken);
    return GINT_TO_POINTER (taken);
}

static void
test_a_queue_keeps_order_and_bounds (void)
{
    g_autoptr (Queue) queue = queue_new (777);
    GThread *thread = g_thread_new ("push", push_all, queue);
    guint8 buffer[300];
    gsize total = 0;
    gssize n;

    while ((n = queue_pop (queue, buffer, sizeof buffer, 1000)) > 0)
        for (gssize i = 0; i < n; i++)
            g_assert_cmpuint (buffer[i], ==, total++ / 1000);
    g_assert_cmpint (n, ==, 0);
    g_assert_cmpuint (total, ==, 100000);
    g_assert_true (GPOINTER_TO_INT (g_thread_join (thread)));
}

static void
test_a_queue_that_is_abandoned_lets_the_writer_go (void)
{
    g_autoptr (Queue) queue = queue_new (10);
    GThread *thread = g_thread_new ("push", push_all, queue);
    guint8 byte;

    queue_abandon (queue);
    g_assert_false (GPOINTER_TO_INT (g_thread_join (thread)));
    g_assert_cmpint (queue_pop (queue, &byte, 1, 10), ==, -1);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/launcher/107-left-session",
                     test_107_what_is_killed_takes_along_what_left_its_session);
    g_test_add_func ("/launcher/environment", test_programs_run_with_exactly_the_given_environment);
    g_test_add_func ("/launcher/left-running",
                     test_what_a_program_leaves_running_is_not_waited_for);
    g_test_add_func ("/launcher/not-there", test_a_program_that_is_not_there_is_127);
    g_test_add_func ("/launcher/http", test_http_of_nobody_is_an_error);
    g_test_add_func ("/network/left", test_after_leaving_there_is_no_network);
    g_test_add_func ("/mask/forms", test_secrets_are_masked_in_every_form);
    g_test_add_func ("/queue/order", test_a_queue_keeps_order_and_bounds);
    g_test_add_func ("/queue/abandoned", test_a_queue_that_is_abandoned_lets_the_writer_go);
    return g_test_run ();
}
