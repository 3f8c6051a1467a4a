/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/strictjson.h"
#include "install/json-member.h"
#include "install/last-lines.h"
#include "install/load.h"
#include "install/run.h"
#include "manifest/error.h"
#include "manifest/path.h"
#include "manifest/message.h"

#include <string.h>

/* Is what was installed well? Each check is tried until it holds or its time is over, by a clock
 * that nobody can set. */

#define PAUSE_MICROSECONDS (500 * 1000)
#define ATTEMPT_MILLISECONDS 10000
#define ATTEMPT_LEAST 1000
#define STEADY_MICROSECONDS (2 * 1000 * 1000)

/* One check under way. */
typedef struct {
    const ReleaseHealth *health;
    gint64 until;
    gint64 steady_since; /* container without HEALTHCHECK: since when it runs without a restart */
    guint64 restarts;
    guint attempts;
    gboolean seen;     /* container: it was there, */
    gboolean terminal; /* and had a TTY */
    char *last;        /* why it does not hold yet */
    LastLines *lines;  /* what it said last */
} Check;

static void
check_clear (Check *check)
{
    g_free (check->last);
    last_lines_free (check->lines);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Check, check_clear)

/* What hangs cannot hold up the way back. The last attempt still has time for an answer: it is the
 * one that is told. */
static guint
milliseconds_left (const Check *check)
{
    gint64 left = (check->until - g_get_monotonic_time ()) / 1000;

    return (guint)CLAMP (left, ATTEMPT_LEAST, ATTEMPT_MILLISECONDS);
}

static gboolean
not_yet (Check *check, char *why)
{
    g_free (check->last);
    check->last = why;
    return FALSE;
}

static void
begin_to_listen (Check *check, const Run *run)
{
    last_lines_free (check->lines);
    check->lines = last_lines_new (run->values);
}

/* Running alone says little: a program that dies at once runs again and again. */
static gboolean
is_steady (Check *check, const EngineContainer *container)
{
    gint64 now = g_get_monotonic_time ();

    if (!container->running || container->restarting) {
        check->steady_since = 0;
        return not_yet (check, message_printf ("the container is not running"));
    }
    if (check->steady_since == 0 || container->restarts != check->restarts) {
        check->steady_since = now;
        check->restarts = container->restarts;
    }
    if (now - check->steady_since >= STEADY_MICROSECONDS)
        return TRUE;
    return not_yet (check, message_printf ("the container has just been started"));
}

/* "docker.io/plant/server" of "plant/server:1". Caller frees. */
static char *
repository_of (const char *reference)
{
    char *full = path_normalize_image_name (reference);
    char *colon = strrchr (full, ':');

    if (colon != NULL && strchr (colon, '/') == NULL)
        *colon = '\0';
    return full;
}

/* Does it run an image of another release, by its ID or by the name it was made of? A container of
 * an image that no release carried is none of them. */
static gboolean
is_of_another_release (const Run *run, const EngineContainer *container)
{
    g_autofree char *repository = repository_of (container->reference);
    gboolean other = FALSE;

    for (guint i = 0; i < run->statement->images->len; i++) {
        const StatementImage *image = g_ptr_array_index (run->statement->images, i);
        g_autofree char *own = repository_of (image->name);

        if (digest_equal (load_image_id (run->engine, image), &container->image))
            return FALSE;
        other = other || strcmp (own, repository) == 0;
    }
    for (guint i = 0; run->state != NULL && i < run->state->images->len; i++) {
        const StateImage *old = g_ptr_array_index (run->state->images, i);

        other = other || digest_equal (&old->id, &container->image);
    }
    return other;
}

static gboolean
judge_container (Check *check, const Run *run, const EngineContainer *container)
{
    if (container == NULL)
        return not_yet (check, message_printf ("there is no such container"));
    if (is_of_another_release (run, container)) {
        g_autofree char *id = digest_to_text (&container->image);

        return not_yet (check, message_printf ("the container is still of an image of another "
                                               "release (%s, made of '%s'): no playbook or "
                                               "compose file made it anew",
                                               id, container->reference));
    }
    if (*container->health == '\0')
        return is_steady (check, container);
    return strcmp (container->health, "healthy") == 0 ||
           not_yet (check, message_printf ("the container is %s", container->health));
}

/* A playbook may have told the engine to start anew, so one that does not answer is waited for. */
static gboolean
try_container (Check *check, Run *run)
{
    g_autoptr (EngineContainer) container = NULL;
    g_autoptr (GError) local = NULL;
    gboolean asked;

    engine_set_limit (run->engine, milliseconds_left (check));
    asked = engine_container (run->engine, check->health->target, &container, &local);
    engine_set_limit (run->engine, 0);
    check->seen = container != NULL;
    if (asked && container != NULL)
        check->terminal = container->terminal;
    if (asked)
        return judge_container (check, run, container);
    check->steady_since = 0;
    return not_yet (check, g_strdup (local->message));
}

static void
listen_to_container (Check *check, Run *run)
{
    g_autoptr (GBytes) log = NULL;
    gsize length;
    const guint8 *bytes;

    begin_to_listen (check, run);
    engine_set_limit (run->engine, ATTEMPT_MILLISECONDS);
    log = engine_container_log (run->engine, check->health->target, check->terminal, NULL);
    engine_set_limit (run->engine, 0);
    bytes = log != NULL ? g_bytes_get_data (log, &length) : NULL;
    if (bytes != NULL)
        last_lines_add (bytes, length, check->lines);
}

static gboolean
try_http (Check *check, Run *run)
{
    g_autoptr (GError) local = NULL;
    guint status = 0;

    begin_to_listen (check, run);
    if (!launcher_http (run->launcher, check->health->target, milliseconds_left (check),
                        last_lines_add, check->lines, &status, &local))
        return not_yet (check, g_strdup (local->message));
    return (status >= 200 && status < 300) ||
           not_yet (check, message_printf ("status %u, expected 2xx", status));
}

static gboolean
try_command (Check *check, Run *run, gboolean *holds, GError **error)
{
    g_autofree char *tree = run_tree_path (run);
    g_autofree char *docker =
        g_strdup_printf ("DOCKER_HOST=unix://%s", engine_info (run->engine)->socket);
    const char *const environment[] = { "LC_ALL=C.UTF-8", "PATH=" LAUNCHER_PATH, docker, NULL };
    LauncherJob job = { (const char *const *)check->health->command, environment, tree,
                        milliseconds_left (check) };
    int status;

    begin_to_listen (check, run);
    if (!launcher_run (run->launcher, &job, last_lines_add, check->lines, &status, error))
        return FALSE;
    *holds =
        status == 0 || not_yet (check, status == LAUNCHER_TIMED_OUT
                                           ? message_printf ("it did not end in time")
                                           : message_printf ("it ended with exit code %d", status));
    return TRUE;
}

static gboolean
try_once (Check *check, Run *run, gboolean *holds, GError **error)
{
    switch (check->health->kind) {
    case HEALTH_CONTAINER:
        *holds = try_container (check, run);
        return TRUE;
    case HEALTH_HTTP:
        *holds = try_http (check, run);
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
        return message_printf ("container %s", health->target);
    if (health->kind == HEALTH_HTTP)
        return g_strdup (health->target);
    command = g_strjoinv (" ", health->command);
    return message_printf ("command %s", command);
}

/* For the receipt: how often it was tried, and what it said where it does not hold. */
static void
report (Step *step, const Check *check, const char *said)
{
    g_clear_pointer (&step->report, json_object_unref);
    step->report = json_object_new ();
    json_object_set_int_member (step->report, "attempts", check->attempts);
    json_member_set_text (step->report, "said", said);
}

static gboolean
not_within (Check *check, Run *run, Step *step, GError **error)
{
    g_autofree char *said = NULL, *whole = NULL;

    if (check->seen)
        listen_to_container (check, run);
    said = check->lines != NULL ? last_lines_text (check->lines) : g_strdup ("");
    whole = g_strconcat (check->last, *said != '\0' ? "; it said last:" : "", said, NULL);
    report (step, check, whole);
    return fail (error, ERR_FAILED, "health of %s: not within %u s: %s", step->subject,
                 check->health->within, whole);
}

static gboolean
apply (Step *step, Run *run, GError **error)
{
    const ReleaseHealth *health =
        g_ptr_array_index (run->release->health, GPOINTER_TO_UINT (step->data) - 1);
    g_auto (Check) check = {
        .health = health,
        .until = g_get_monotonic_time () + (gint64)health->within * G_USEC_PER_SEC,
    };
    gboolean holds = FALSE;

    for (;;) {
        check.attempts++;
        if (!try_once (&check, run, &holds, error))
            return FALSE;
        if (holds) {
            report (step, &check, NULL);
            return TRUE;
        }
        if (g_get_monotonic_time () >= check.until)
            return not_within (&check, run, step, error);
        if (!run_check_stop (run, error))
            return FALSE;
        g_usleep (PAUSE_MICROSECONDS);
    }
}

/* Which of the release's checks it is. */
static void
write_data (const Step *step, JsonObject *data)
{
    json_object_set_int_member (data, "check", GPOINTER_TO_UINT (step->data) - 1);
}

static gboolean
read_data (Step *step, Run *run, JsonObject *data, GError **error)
{
    guint64 check;

    if (!strictjson_size (data, "check", "journal", &check, error))
        return FALSE;
    if (check >= run->release->health->len)
        return fail (error, ERR_FORMAT, "the release has no such check");
    step->data = GUINT_TO_POINTER ((guint)check + 1);
    return TRUE;
}

const StepKind step_health_kind = {
    .name = N_ ("health"), .apply = apply, .write = write_data, .read = read_data
};

gboolean
step_health_plan (Run *run, gboolean due, GError **error)
{
    for (guint i = 0; i < run->release->health->len; i++) {
        ReleaseHealth *health = g_ptr_array_index (run->release->health, i);
        g_autofree char *subject = describe (health);
        Step *step = step_add (run, &step_health_kind, subject, due ? "check" : "not due",
                               GUINT_TO_POINTER (i + 1));

        step->needed = due;
        step->detail = message_printf ("within %u s", health->within);
    }
    return TRUE;
}
