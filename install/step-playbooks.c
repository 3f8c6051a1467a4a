/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/playbook.h"
#include "install/run.h"
#include "manifest/error.h"

/* Runs the playbooks that bring the host to this release. */

static gboolean
apply (Step *step, Run *run, GError **error)
{
    /* From here on the host may differ in ways that nobody wrote down. */
    run->playbook_ran = TRUE;
    return playbook_run (run, step->data, error);
}

static const StepKind playbook_kind = { .name = "playbook", .apply = apply };

static gboolean
add (Run *run, ReleasePlaybook *playbook, gboolean due, GError **error)
{
    Step *step;

    if (g_hash_table_lookup (run->tree, playbook->path) == NULL)
        return fail (error, ERR_FORMAT, "playbook '%s' is not in the carried tree", playbook->path);
    if (playbook->inventory != NULL && g_hash_table_lookup (run->tree, playbook->inventory) == NULL)
        return fail (error, ERR_FORMAT, "inventory '%s' is not in the carried tree",
                     playbook->inventory);
    step = step_add (run, &playbook_kind, playbook->path, due ? "run" : "not due", playbook);
    step->needed = due;
    if (playbook->inventory != NULL)
        step->detail =
            g_strdup_printf ("inventory %s, with the host's network", playbook->inventory);
    return TRUE;
}

gboolean
step_playbooks_plan (Run *run, gboolean due, GError **error)
{
    for (guint i = 0; i < run->release->playbooks->len; i++) {
        ReleasePlaybook *playbook = g_ptr_array_index (run->release->playbooks, i);

        if (playbook->run == PLAYBOOK_INSTALL && !add (run, playbook, due, error))
            return FALSE;
    }
    return TRUE;
}
