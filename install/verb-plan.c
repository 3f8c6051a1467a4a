/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/plan.h"
#include "install/run-open.h"
#include "install/verb-host.h"
#include "install/verb-plan.h"
#include "manifest/error.h"
#include "manifest/verb.h"

/* For the shift leader; a bundle is known by its digest, which the lines above show. */
#define SIGN_OFF                                                                                   \
    "\nApproved by   ______________________________   Date   ________________\n"                   \
    "\nSignature     ______________________________   Ticket ________________\n"

/* Printed also where install would refuse: what was found so far says why. */
static void
show (const Run *run, const VerbOutput *output, gboolean sign_off)
{
    g_autofree char *text = output->json ? NULL : plan_to_text (run);

    if (text != NULL)
        verb_print (output, "%s%s", text, sign_off ? SIGN_OFF : "");
    else if (!output->quiet)
        verb_plan_json (run, FALSE);
}

int
verb_plan (int argc, char **argv, GError **error)
{
    g_auto (HostOptions) options = { 0 };
    VerbOutput output = { 0 };
    gboolean sign_off = FALSE;
    const GOptionEntry own[] = {
        { "sign-off", 0, 0, G_OPTION_ARG_NONE, &sign_off, "end with lines to sign on paper", NULL },
        { NULL },
    };
    g_autoptr (Launcher) launcher = NULL;
    g_autoptr (Run) run = NULL;
    NetworkBarrier barrier;
    RunOptions how;

    if (!verb_host_parse (
            &argc, &argv, "PATH…",
            "Shows what install would do, and ends with the exit status that it would have. "
            "Writes nothing. " VERB_HOST_PATHS,
            own, HOST_ENGINE | HOST_TRUST | HOST_ROOT | HOST_NO_COPY | HOST_CONFIG, &options,
            &output, error))
        return ERR_USAGE;
    if (argc < 2) {
        fail (error, ERR_USAGE, "plan takes a bundle, or a folder of them");
        return ERR_USAGE;
    }
    launcher = verb_host_begin (NULL, &barrier, error);
    if (launcher == NULL)
        return error_exit_status (*error);
    how = verb_host_run_options (&options, argv + 1, FALSE);
    run = run_open (&how, launcher, barrier, error);
    if (run == NULL)
        return error_exit_status (*error);
    if (!plan_make (run, error)) {
        show (run, &output, sign_off);
        return error_exit_status (*error);
    }
    show (run, &output, sign_off);
    return 0;
}
