/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/step.h"

#include "install/run.h"

Step *
step_add (Run *run, const StepKind *kind, const char *subject, const char *action, gpointer data)
{
    Step *step = g_new0 (Step, 1);

    step->kind = kind;
    step->subject = g_strdup (subject);
    step->action = g_strdup (action);
    step->data = data;
    g_ptr_array_add (run->steps, step);
    return step;
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
    g_free (step);
}
