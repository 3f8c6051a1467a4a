/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/run.h"
#include "manifest/error.h"

#include <string.h>

/* Is what was installed well? Each check is tried until it holds or its time is over, by a clock
 * that nobody can set. */

#define PAUSE_MICROSECONDS (500 * 1000)
#define ATTEMPT_MILLISECONDS 10000
#define STEADY_MICROSECONDS (2 * 1000 * 1000)

/* One check under way. */
typedef struct {
    const ReleaseHealth *health;
    gint64 until;
    gint64 steady_since; /* container without HEALTHCHECK: since when it runs without a restart */
    guint64 restarts;
    char *last; /* why it does not hold yet */
} Check;

static void
check_clear (Check *check)
{
    g_free (check->last);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Check, check_clear)

static guint
milliseconds_left (const Check *check)
{
    gint64 left = (check->until - g_get_monotonic_time ()) / 1000;

    return (guint)CLAMP (left, 1, ATTEMPT_MILLISECONDS);
}

static gboolean
not_yet (Check *check, char *why)
{
    g_free (check->last);
    check->last = why;
    return FALSE;
}

/* Running alone says little: a program that dies at once runs again and again. */
static gboolean
is_steady (Check *check, const EngineContainer *container)
{
    gint64 now = g_get_monotonic_time ();

    if (!container->running || container->restarting) {
        check->steady_since = 0;
        return not_yet (check, g_strdup ("the container is not running"));
    }
    if (check->steady_since == 0 || container->restarts != check->restarts) {
        check->steady_since = now;
        check->restarts = container->restarts;
    }
    if (now - check->steady_since >= STEADY_MICROSECONDS)
        return TRUE;
    return not_yet (check, g_strdup ("the container has just been started"));
}

static gboolean
try_container (Check *check, Run *run, gboolean *holds, GError **error)
{
    g_autoptr (EngineContainer) container = NULL;

    if (!engine_container (run->engine, check->health->target, &container, error))
        return FALSE;
    if (container == NULL)
        *holds = not_yet (check, g_strdup ("there is no such container"));
    else if (*container->health == '\0')
        *holds = is_steady (check, container);
    else
        *holds = strcmp (container->health, "healthy") == 0 ||
                 not_yet (check, g_strdup_printf ("the container is %s", container->health));
    return TRUE;
}

static void
try_http (Check *check, Run *run, gboolean *holds)
{
    g_autoptr (GError) local = NULL;
    guint status = 0;

    if (!launcher_http (run->launcher, check->health->target, milliseconds_left (check), &status,
                        &local))
        *holds = not_yet (check, g_strdup (local->message));
    else
        *holds = (status >= 200 && status < 300) ||
                 not_yet (check, g_strdup_printf ("status %u, expected 2xx", status));
}

static gboolean
try_command (Check *check, Run *run, gboolean *holds, GError **error)
{
    g_autofree char *tree = run_tree_path (run);
    g_autofree char *docker =
        g_strdup_printf ("DOCKER_HOST=unix://%s", engine_info (run->engine)->socket);
    const char *const environment[] = {
        "LC_ALL=C.UTF-8", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        docker, NULL
    };
    LauncherJob job = { (const char *const *)check->health->command, environment, tree,
                        milliseconds_left (check) };
    int status;

    if (!launcher_run (run->launcher, &job, NULL, NULL, &status, error))
        return FALSE;
    *holds = status == 0 ||
             not_yet (check, status == LAUNCHER_TIMED_OUT
                                 ? g_strdup ("it did not end in time")
                                 : g_strdup_printf ("it ended with exit code %d", status));
    return TRUE;
}

static gboolean
try_once (Check *check, Run *run, gboolean *holds, GError **error)
{
    switch (check->health->kind) {
    case HEALTH_CONTAINER:
        return try_container (check, run, holds, error);
    case HEALTH_HTTP:
        try_http (check, run, holds);
        return TRUE;
    case HEALTH_COMMAND:
        return try_command (check, run, holds, error);
    }
    g_assert_not_reached ();
}

static char *
describe (const ReleaseHealth *health)
{
    g_autofree char *command = NULL;

    if (health->kind == HEALTH_CONTAINER)
        return g_strdup_printf ("container %s", health->target);
    if (health->kind == HEALTH_HTTP)
        return g_strdup (health->target);
    command = g_strjoinv (" ", health->command);
    return g_strdup_printf ("command %s", command);
}

static gboolean
apply (Step *step, Run *run, GError **error)
{
    const ReleaseHealth *health = step->data;
    g_auto (Check) check = {
        .health = health,
        .until = g_get_monotonic_time () + (gint64)health->within * G_USEC_PER_SEC,
    };
    gboolean holds = FALSE;

    for (;;) {
        if (!try_once (&check, run, &holds, error))
            return FALSE;
        if (holds)
            return TRUE;
        if (g_get_monotonic_time () >= check.until)
            return fail (error, ERR_FAILED, "health of %s: not within %u s: %s", step->subject,
                         health->within, check.last);
        if (!run_check_stop (run, error))
            return FALSE;
        g_usleep (PAUSE_MICROSECONDS);
    }
}

static const StepKind health_kind = { .name = "health", .apply = apply };

gboolean
step_health_plan (Run *run, gboolean due, GError **error)
{
    for (guint i = 0; i < run->release->health->len; i++) {
        ReleaseHealth *health = g_ptr_array_index (run->release->health, i);
        g_autofree char *subject = describe (health);
        Step *step = step_add (run, &health_kind, subject, due ? "check" : "not due", health);

        step->needed = due;
        step->detail = g_strdup_printf ("within %u s", health->within);
    }
    return TRUE;
}
