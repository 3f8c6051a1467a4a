/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/playbook.h"
#include "install/run.h"
#include "manifest/error.h"

#include <string.h>

/* Runs the playbooks that bring the host to this release: those that run before it is switched to,
 * while the old one still serves, and those that run after. */

static gboolean
prepare (Step *step, Run *run, GError **error)
{
    return playbook_run (run, step->data, NULL, error);
}

static gboolean
apply (Step *step, Run *run, GError **error)
{
    /* From here on the host may differ in ways that nobody wrote down. */
    run->playbook_ran = TRUE;
    return playbook_run (run, step->data, NULL, error);
}

static const StepKind before_kind = { .name = "before", .prepare = prepare };
static const StepKind playbook_kind = { .name = "playbook", .apply = apply };

static gboolean
check_carried (const Run *run, const ReleasePlaybook *playbook, GError **error)
{
    if (g_hash_table_lookup (run->tree, playbook->path) == NULL)
        return fail (error, ERR_FORMAT, "playbook '%s' is not in the carried tree", playbook->path);
    if (playbook->inventory != NULL && g_hash_table_lookup (run->tree, playbook->inventory) == NULL)
        return fail (error, ERR_FORMAT, "inventory '%s' is not in the carried tree",
                     playbook->inventory);
    return TRUE;
}

static Step *
add (Run *run, const StepKind *kind, ReleasePlaybook *playbook, gboolean due)
{
    Step *step = step_add (run, kind, playbook->path, due ? "run" : "not due", playbook);

    step->needed = due;
    if (playbook->inventory != NULL)
        step->detail =
            g_strdup_printf ("inventory %s, with the host's network", playbook->inventory);
    return step;
}

/* Where the last step of the tree's is: what lies in it can be run from there on. */
static guint
behind_tree (const Run *run)
{
    guint found = 0;

    for (guint i = 0; i < run->steps->len; i++)
        if (strcmp (((const Step *)g_ptr_array_index (run->steps, i))->kind->name, "tree") == 0)
            found = i + 1;
    return found;
}

gboolean
step_playbooks_plan (Run *run, gboolean due, GError **error)
{
    guint before = behind_tree (run);

    for (guint i = 0; i < run->release->playbooks->len; i++) {
        ReleasePlaybook *playbook = g_ptr_array_index (run->release->playbooks, i);

        if (!check_carried (run, playbook, error))
            return FALSE;
        if (playbook->run == PLAYBOOK_BEFORE) {
            add (run, &before_kind, playbook, due);
            g_ptr_array_insert (run->steps, (gint)before++,
                                g_ptr_array_steal_index (run->steps, run->steps->len - 1));
        } else if (playbook->run == PLAYBOOK_INSTALL) {
            add (run, &playbook_kind, playbook, due);
        }
    }
    return TRUE;
}
