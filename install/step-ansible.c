/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/ansible-root.h"
#include "install/json-member.h"
#include "install/plan.h"
#include "install/stored.h"

/* Copies the Ansible that the release carries out of the engine, before the first playbook runs. */

typedef struct {
    gboolean had; /* was it there before this run? */
} AnsibleStep;

static gboolean
prepare (Step *step, Run *run, GError **error)
{
    return ansible_root_open (run, error) && plan_check_carried_python (run, error);
}

/* What a release that stays needs is not touched. */
static gboolean
remove_unneeded (Run *run, GError **error)
{
    g_autoptr (GArray) kept = NULL;
    g_autoptr (GPtrArray) paths = NULL;

    kept = stored_numbers (run, error);
    for (guint i = 0; kept != NULL && i < kept->len; i++)
        if (g_array_index (kept, guint64, i) == run->release->release &&
            run_old_release (run) != run->release->release)
            g_array_remove_index (kept, i);
    paths = kept != NULL ? ansible_root_unneeded (run->product_fd, kept, error) : NULL;
    for (guint i = 0; paths != NULL && i < paths->len; i++)
        if (!ansible_root_remove (run->product_fd, paths->pdata[i], error))
            return FALSE;
    return paths != NULL && ansible_root_remove_empty (run->product_fd, error);
}

/* A container that a killed run copied out of keeps the image, whose step is taken back next. */
static gboolean
undo (Step *base, Run *run, GError **error)
{
    const AnsibleStep *step = base->data;

    if (step->had)
        return TRUE;
    g_clear_pointer (&run->ansible, ansible_root_free);
    return remove_unneeded (run, error) &&
           (!engine_ping (run->engine, NULL) || engine_sweep (run->engine, error));
}

static void
write_data (const Step *base, JsonObject *data)
{
    json_object_set_boolean_member (data, "had", ((const AnsibleStep *)base->data)->had);
}

static gboolean
read_data (Step *base, Run *run, JsonObject *data, GError **error)
{
    AnsibleStep *step = base->data = g_new0 (AnsibleStep, 1);

    step->had = json_member_boolean (data, "had");
    return TRUE;
}

const StepKind step_ansible_kind = { .name = "ansible",
                                     .prepare = prepare,
                                     .undo = undo,
                                     .write = write_data,
                                     .read = read_data,
                                     .free = g_free };

void
step_ansible_plan (Run *run)
{
    const StatementImage *image = statement_find_ansible (run->statement);
    AnsibleStep *step;
    Step *base;

    if (image == NULL)
        return;
    g_clear_pointer (&run->ansible, ansible_root_free);
    run->ansible = ansible_root_find (run);
    step = g_new0 (AnsibleStep, 1);
    step->had = run->ansible != NULL;
    base = step_add (run, &step_ansible_kind, image->name, step->had ? "is there" : "unpack", step);
    base->needed = !step->had;
    for (guint i = 0; i < image->layers->len; i++)
        base->bytes += g_array_index (image->layers, StatementLayer, i).bytes;
}
