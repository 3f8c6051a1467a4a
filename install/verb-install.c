/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/copy-in.h"
#include "install/plan.h"
#include "install/run-open.h"
#include "install/transaction.h"
#include "install/verb-host.h"
#include "install/verb-plan.h"
#include "install/verb-record.h"
#include "manifest/error.h"
#include "manifest/verb.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    gboolean yes;
    char *on_failure;
} Options;

static void
options_clear (Options *options)
{
    g_free (options->on_failure);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
parse (int *argc, char ***argv, HostOptions *options, Options *own, VerbOutput *output,
       GError **error)
{
    const GOptionEntry entries[] = {
        { "yes", 'y', 0, G_OPTION_ARG_NONE, &own->yes, "do not ask", NULL },
        { "on-failure", 0, 0, G_OPTION_ARG_STRING, &own->on_failure,
          "after the switch: go back (the default), or stop there for diagnosis, until "
          "'handcarry recover'",
          "back|stop" },
        { NULL },
    };

    if (!verb_host_parse (
            argc, argv, "PATH…",
            "Verifies the bundle, shows a plan, loads what the engine lacks, places "
            "configs and files, runs the playbooks and checks health. " VERB_HOST_PATHS,
            entries,
            HOST_ENGINE | HOST_TRUST | HOST_ROOT | HOST_NO_COPY | HOST_CONFIG | HOST_RECORD,
            options, output, error))
        return FALSE;
    if (*argc < 2)
        return fail (error, ERR_USAGE, "install takes a bundle, or a folder of them");
    if (own->on_failure != NULL && strcmp (own->on_failure, "back") != 0 &&
        strcmp (own->on_failure, "stop") != 0)
        return fail (error, ERR_USAGE, "--on-failure is 'back' or 'stop', not '%s'",
                     own->on_failure);
    if (!own->yes && !isatty (STDIN_FILENO))
        return fail (error, ERR_USAGE,
                     "install asks before it changes anything, and there is no terminal; look at "
                     "'handcarry plan %s', then add -y",
                     (*argv)[1]);
    return TRUE;
}

static gboolean
carry_out (Run *run, gboolean yes, const VerbOutput *output, GError **error)
{
    g_autoptr (Progress) progress = NULL;
    g_autofree char *plan = NULL;
    guint told;

    if (!copy_in_sweep (run, error) || !engine_sweep (run->engine, error))
        return FALSE;
    if (!plan_make (run, error)) {
        g_autofree char *seen = plan_to_text (run);

        if (!output->json)
            verb_print (output, "%s", seen);
        return FALSE;
    }
    plan = plan_to_text (run);
    if (!output->json)
        verb_print (output, "%s", plan);
    /* A run that was killed behind its switch left its copy. */
    if (run->already)
        return copy_in_remove (run, error);
    if (!yes && !verb_host_confirm ("Install this?", error))
        return FALSE;
    /* A host that was judged by a root must not forget it: a revocation would count once only. */
    if (!run_trust_store (run->trust, error))
        return FALSE;
    told = run->notes->len;
    progress = verb_progress_new (output);
    run->progress = progress;
    run->shown = plan;
    verb_host_show_output (run, output);
    if (!transaction_run (run, error))
        return FALSE;
    verb_host_show_notes (run, output, told);
    if (!output->json)
        verb_print (output, "%s %s, release %" G_GUINT64_FORMAT ", is installed\n",
                    run->release->product, run->release->version, run->release->release);
    return TRUE;
}

int
verb_install (int argc, char **argv, GError **error)
{
    g_auto (HostOptions) options = { 0 };
    VerbOutput output = { 0 };
    g_auto (Options) own = { 0 };
    g_autoptr (Launcher) launcher = NULL;
    g_autoptr (Run) run = NULL;
    g_autoptr (GError) why = NULL;
    NetworkBarrier barrier;
    RunOptions how;
    int status = 0;

    if (!parse (&argc, &argv, &options, &own, &output, error))
        return ERR_USAGE;
    launcher = verb_host_begin (&options, &barrier, error);
    if (launcher == NULL)
        return error_exit_status (*error);
    how = verb_host_run_options (&options, argv + 1, TRUE);
    how.hold = g_strcmp0 (own.on_failure, "stop") == 0;
    if (verb_host_recover (&how, launcher, barrier, &output, &why))
        run = run_open (&how, launcher, barrier, &why);
    if (run != NULL)
        run->verb = "install";
    if (run == NULL || !carry_out (run, own.yes, &output, &why))
        status = error_exit_status (why);
    if (run != NULL && output.json && !output.quiet)
        verb_plan_json (run, status == 0 && !run->already);
    if (why != NULL && (run == NULL || !run->begun))
        verb_record_refusal (&how, "install", barrier, run, why);
    verb_record_carry_back (&how, &output);
    if (why != NULL)
        g_propagate_error (error, g_steal_pointer (&why));
    return status;
}
