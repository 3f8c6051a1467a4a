/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/verb-leave.h"

#include "install/plan.h"
#include "install/run-open.h"
#include "install/transaction.h"
#include "install/verb-host.h"
#include "install/verb-record.h"
#include "manifest/error.h"
#include "manifest/path.h"
#include "manifest/json-out.h"
#include "manifest/verb-json.h"
#include "manifest/message.h"

#include <string.h>
#include <unistd.h>

typedef struct {
    const LeaveVerb *verb;
    HostOptions host;
    VerbOutput output;
    gboolean yes;
    Launcher *launcher;
    NetworkBarrier barrier;
    const char *name; /* "rollback" or "remove" */
    const char *product;
} Leave;

static void
leave_clear (Leave *leave)
{
    host_options_clear (&leave->host);
    g_clear_pointer (&leave->launcher, launcher_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Leave, leave_clear)

static gboolean
parse (int *argc, char ***argv, Leave *leave, GError **error)
{
    g_autoptr (GArray) entries = g_array_new (TRUE, TRUE, sizeof (GOptionEntry));
    const GOptionEntry yes = { "yes", 'y', 0, G_OPTION_ARG_NONE, &leave->yes, "do not ask", NULL };

    g_array_append_val (entries, yes);
    for (const GOptionEntry *own = leave->verb->entries; own != NULL && own->long_name != NULL;
         own++)
        g_array_append_val (entries, *own);
    if (!verb_host_parse (argc, argv, "PRODUCT", leave->verb->description,
                          (const GOptionEntry *)(gpointer)entries->data,
                          HOST_ENGINE | HOST_ROOT | HOST_RECORD, &leave->host, &leave->output,
                          error))
        return FALSE;
    if (*argc != 2)
        return fail (error, ERR_USAGE, "%s takes the name of one product", (*argv)[0]);
    leave->product = (*argv)[1];
    if (!path_check_product (leave->product, error))
        return FALSE;
    return leave->yes || isatty (STDIN_FILENO) ||
           fail (error, ERR_USAGE,
                 "%s asks before it changes anything, and there is no terminal; "
                 "add -y",
                 (*argv)[0]);
}

/* What is shown before the question. */
static char *
show_plan (const Leave *leave, const Run *run)
{
    g_autofree char *headline = leave->verb->headline (run);
    g_autoptr (GString) text = g_string_new (NULL);

    message_append (text, "%s", headline);
    plan_append_steps (text, run);
    for (guint i = 0; i < run->notes->len; i++)
        message_append (text, "  note     %s\n", (char *)g_ptr_array_index (run->notes, i));
    if (!leave->output.json)
        verb_print (&leave->output, "%s", text->str);
    return g_string_free (g_steal_pointer (&text), FALSE);
}

static Run *
open_run (Leave *leave, const RunOptions *how, GError **error)
{
    g_autoptr (Run) run = run_open_on_host (how, leave->launcher, leave->barrier, error);

    if (run == NULL || !run_open_states (run, leave->product, error))
        return NULL;
    if (run->state == NULL || run->state->release == 0)
        return fail_null (error, ERR_NOT_READY, "%s is not installed here; see 'handcarry status'",
                          leave->product);
    if (!run_open_product (run, leave->product, error))
        return NULL;
    verb_host_show_output (run, &leave->output);
    return g_steal_pointer (&run);
}

/* Does the way back lead over the release that was asked for? */
static gboolean
check_until (const Leave *leave, const Run *run, GError **error)
{
    guint64 until = leave->verb->until != NULL ? (guint64)MAX (*leave->verb->until, 0) : 0;

    return until <= run_target (run) ||
           fail (error, ERR_NOT_READY,
                 "release %" G_GUINT64_FORMAT " is not on the way back: release %" G_GUINT64_FORMAT
                 " followed release %" G_GUINT64_FORMAT,
                 until, run_old_release (run), run_target (run));
}

static gboolean
carry_out (Leave *leave, Run *run, GError **error)
{
    g_autofree char *plan = NULL;
    g_autofree char *said = NULL;
    guint told;

    if (!leave->verb->plan (run, error) || !check_until (leave, run, error))
        return FALSE;
    plan = show_plan (leave, run);
    run->shown = plan;
    told = run->notes->len;
    if (!leave->yes && !verb_host_confirm (leave->verb->question, error))
        return FALSE;
    if (!transaction_run (run, error))
        return FALSE;
    verb_host_show_notes (run, &leave->output, told);
    said = leave->verb->result (run);
    if (!leave->output.json)
        verb_print (&leave->output, "%s\n", said);
    return TRUE;
}

/* One transaction. *ended is the release that is current behind it. */
static gboolean
leave_once (Leave *leave, const RunOptions *how, guint64 *ended, GError **error)
{
    g_autoptr (GError) why = NULL;
    g_autoptr (Run) run = open_run (leave, how, &why);

    if (run != NULL && carry_out (leave, run, &why)) {
        *ended = run_target (run);
        return TRUE;
    }
    if (run == NULL || !run->begun)
        verb_record_refusal (how, leave->name, leave->barrier, run, why);
    g_propagate_error (error, g_steal_pointer (&why));
    return FALSE;
}

static gboolean
leave_all (Leave *leave, const RunOptions *how, guint64 *ended, GError **error)
{
    if (!verb_host_recover (how, leave->launcher, leave->barrier, &leave->output, error))
        return FALSE;
    do {
        if (!leave_once (leave, how, ended, error))
            return FALSE;
    } while (leave->verb->until != NULL && *leave->verb->until > 0 &&
             *ended > (guint64)*leave->verb->until);
    return TRUE;
}

static void
print_json (const Leave *leave, const char *verb, guint64 ended)
{
    g_autoptr (JsonBuilder) json = json_builder_new ();
    g_autofree char *schema = g_strdup_printf ("handcarry.%s/1", verb);

    json_builder_begin_object (json);
    json_out_text (json, "schema", schema);
    json_out_flag (json, "changed", TRUE);
    json_out_text (json, "product", leave->product);
    json_out_number (json, "current-release", ended);
    json_builder_end_object (json);
    verb_json_print (json);
}

int
verb_leave (int argc, char **argv, const LeaveVerb *verb, GError **error)
{
    g_auto (Leave) leave = { .verb = verb, .name = argv[0] };
    gboolean done;
    RunOptions how;
    guint64 ended = 0;

    if (!parse (&argc, &argv, &leave, error))
        return ERR_USAGE;
    leave.launcher = verb_host_begin (&leave.host, &leave.barrier, error);
    if (leave.launcher == NULL)
        return error_exit_status (*error);
    how = verb_host_run_options (&leave.host, argv + 1, TRUE);
    done = leave_all (&leave, &how, &ended, error);
    verb_record_carry_back (&how, &leave.output);
    if (!done)
        return error_exit_status (*error);
    if (leave.output.json)
        print_json (&leave, argv[0], ended);
    return 0;
}
