/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/step.h"

#include "install/json-member.h"
#include "install/run.h"
#include "manifest/error.h"
#include "manifest/message.h"

#include <string.h>

/* Carried out in this order. */
static const StepKind *const kinds[] = {
    &step_tree_kind,  &step_ansible_kind,       &step_before_kind,  &step_image_kind,
    &step_leave_kind, &step_compose_leave_kind, &step_config_kind,  &step_files_kind,
    &step_name_kind,  &step_playbook_kind,      &step_compose_kind, &step_health_kind,
};

Step *
step_add (Run *run, const StepKind *kind, const char *subject, const char *action, gpointer data)
{
    Step *step = g_new0 (Step, 1);

    step->kind = kind;
    step->subject = g_strdup (subject);
    step->action = message_printf ("%s", action);
    step->data = data;
    g_ptr_array_add (run->steps, step);
    return step;
}

void
step_set_action (Step *step, const char *action)
{
    g_free (step->action);
    step->action = message_printf ("%s", action);
}

void
step_free (Step *step)
{
    if (step == NULL)
        return;
    if (step->kind->free != NULL)
        step->kind->free (step->data);
    g_free (step->subject);
    g_free (step->action);
    g_free (step->detail);
    g_clear_pointer (&step->report, json_object_unref);
    g_free (step);
}

static guint
rank (const Step *step)
{
    const StepKind *kind = step->early ? &step_ansible_kind : step->kind;
    guint i = 0;

    while (i < G_N_ELEMENTS (kinds) && kinds[i] != kind)
        i++;
    return 2 * i + (step->early ? 0 : 1);
}

static int
by_rank (gconstpointer a, gconstpointer b)
{
    const Step *const *left = a, *const *right = b;

    return (int)rank (*left) - (int)rank (*right);
}

void
steps_sort (Run *run)
{
    g_ptr_array_sort (run->steps, by_rank); /* stable */
}

JsonObject *
step_write (const Step *step)
{
    JsonObject *data = json_object_new ();

    if (step->kind->write != NULL)
        step->kind->write (step, data);
    return data;
}

JsonObject *
step_to_json (const Step *step)
{
    JsonObject *object = json_object_new ();

    json_object_set_string_member (object, "kind", step->kind->name);
    json_object_set_string_member (object, "subject", step->subject);
    json_object_set_string_member (object, "action", step->action);
    json_member_set_text (object, "detail", step->detail);
    json_object_set_int_member (object, "bytes", (gint64)step->bytes);
    json_object_set_boolean_member (object, "needed", step->needed);
    json_object_set_object_member (object, "data", step_write (step));
    return object;
}

static const StepKind *
find_kind (const char *name)
{
    for (guint i = 0; name != NULL && i < G_N_ELEMENTS (kinds); i++)
        if (strcmp (kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
}

static gboolean
read_one (Run *run, const Journal *journal, guint index, JsonObject *object, GError **error)
{
    const StepKind *kind = find_kind (json_member_string (object, "kind"));
    const char *subject = json_member_string (object, "subject");
    const char *action = json_member_string (object, "action");
    JsonObject *data = journal_step_data (journal, index);
    Step *step;

    if (kind == NULL || subject == NULL || action == NULL || data == NULL)
        return fail (error, ERR_FORMAT, "step %u of the journal is not one that is known", index);
    step = step_add (run, kind, subject, action, NULL);
    step->detail = g_strdup (json_member_string (object, "detail"));
    step->bytes = json_member_count (object, "bytes");
    step->needed = json_member_boolean (object, "needed");
    step->begun = journal_step_begun (journal, index, PART_PREPARE) ||
                  journal_step_begun (journal, index, PART_APPLY);
    return kind->read == NULL || kind->read (step, run, data, error) ||
           fail_prefix (error, "step %u of the journal, %s '%s'", index, kind->name, subject);
}

gboolean
steps_read (Run *run, const Journal *journal, GError **error)
{
    JsonArray *array = json_member_array (journal->begin, "steps");

    g_ptr_array_set_size (run->steps, 0);
    for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
        if (!read_one (run, journal, i, json_member_object_at (array, i), error))
            return FALSE;
    return TRUE;
}
