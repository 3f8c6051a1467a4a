/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/compose.h"
#include "install/run.h"
#include "install/stored.h"
#include "manifest/message.h"

/* Containers by compose: up for the release that the run goes to, down for the one that it leaves.
 * Either may be done twice. */

/* Files that cannot be used could not be taken down either. */
static gboolean
check (Step *step, Run *run, GError **error)
{
    return compose_check (run, error);
}

static gboolean
up (Step *step, Run *run, GError **error)
{
    return compose_up (run, error);
}

static gboolean
down (Step *step, Run *run, GError **error)
{
    return stored_open_leaving (run, run_old_release (run), error) &&
           compose_down (run->leaving, error);
}

const StepKind step_compose_kind = { .name = N_ ("compose"), .prepare = check, .apply = up };
const StepKind step_compose_leave_kind = { .name = N_ ("compose-leave"), .apply = down };

static char *
files_of (const Release *release)
{
    g_autoptr (GString) names = g_string_new (NULL);

    for (guint i = 0; i < release->compose->len; i++)
        g_string_append_printf (names, "%s%s", i > 0 ? ", " : "",
                                ((ReleaseCompose *)release->compose->pdata[i])->path);
    return g_string_free (g_steal_pointer (&names), FALSE);
}

static void
add_down (Run *run, const Release *left)
{
    g_autofree char *files = files_of (left);
    Step *step = step_add (run, &step_compose_leave_kind, files, "down", NULL);

    step->needed = TRUE;
    step->detail = message_printf ("project %s of release %" G_GUINT64_FORMAT ", volumes are kept",
                                   left->product, left->release);
}

/* A release without compose files leaves nothing up that one with them had. plan has not opened the
 * product's folder. */
static void
add_down_of_old (Run *run)
{
    g_autoptr (Statement) old =
        run->state != NULL
            ? stored_statement (run->host->state_fd, run->release->product, run_old_release (run))
            : NULL;

    if (old != NULL && old->release->compose->len > 0)
        add_down (run, old->release);
}

void
step_compose_plan (Run *run, gboolean due)
{
    g_autofree char *files = files_of (run->release);
    Step *step;

    if (run->release->compose->len == 0) {
        if (due && run->bundle != NULL)
            add_down_of_old (run);
        return;
    }
    step = step_add (run, &step_compose_kind, files, due ? "up" : "not due", NULL);
    step->needed = due;
    step->detail =
        message_printf ("project %s, images by ID, nothing is pulled", run->release->product);
}

void
step_compose_leave_plan (Run *run)
{
    if (run->leaving->release->compose->len > 0)
        add_down (run, run->leaving->release);
}
