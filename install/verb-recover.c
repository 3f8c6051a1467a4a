/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/recover.h"
#include "install/run-open.h"
#include "install/verb-host.h"
#include "manifest/error.h"
#include "manifest/verb-json.h"
#include "manifest/verb.h"

typedef struct {
    gboolean boot, forward, give_up;
} Options;

static gboolean
parse (int *argc, char ***argv, HostOptions *host, Options *options, VerbOutput *output,
       GError **error)
{
    const GOptionEntry entries[] = {
        { "forward", 0, 0, G_OPTION_ARG_NONE, &options->forward,
          "try the new release again instead of going back", NULL },
        { "give-up", 0, 0, G_OPTION_ARG_NONE, &options->give_up,
          "end the run where it stands: the host was put in order by hand", NULL },
        { "boot", 0, 0, G_OPTION_ARG_NONE, &options->boot,
          "leave alone what a person has to look at", NULL },
        { "engine", 0, 0, G_OPTION_ARG_STRING, &host->engine, "socket of the container engine",
          "unix:///PATH" },
        { "root", 0, 0, G_OPTION_ARG_FILENAME, &host->root,
          "where var/lib/handcarry and etc/handcarry lie (default: /)", "DIR" },
        { NULL },
    };

    if (!verb_parse (argc, argv, "",
                     "Ends a run that was killed or that failed on its way back: before the switch "
                     "to the new release everything is taken back, after it the run goes forward "
                     "once, else back. Needs no bundle. Does nothing where no run is open.",
                     entries, output, TRUE, error))
        return FALSE;
    if (*argc != 1)
        return fail (error, ERR_USAGE, "recover takes no argument");
    if (options->forward + options->give_up + options->boot > 1)
        return fail (error, ERR_USAGE, "--forward, --give-up and --boot exclude each other");
    return TRUE;
}

static RecoverWay
way_of (const Options *options)
{
    if (options->boot)
        return RECOVER_ALONE;
    if (options->forward)
        return RECOVER_FORWARD;
    return options->give_up ? RECOVER_GIVE_UP : RECOVER_RETRY;
}

static void
print_result (const VerbOutput *output, gboolean open, const char *said)
{
    g_autoptr (JsonBuilder) json = NULL;

    if (!output->json) {
        verb_print (output, "%s\n", said);
        return;
    }
    json = json_builder_new ();
    json_builder_begin_object (json);
    verb_json_text (json, "schema", "handcarry.recover/1");
    verb_json_flag (json, "changed", open);
    verb_json_text (json, "message", said);
    json_builder_end_object (json);
    verb_json_print (json);
}

int
verb_recover (int argc, char **argv, GError **error)
{
    g_auto (HostOptions) host = { 0 };
    Options options = { 0 };
    VerbOutput output = { 0 };
    g_autoptr (Launcher) launcher = NULL;
    g_autoptr (Run) run = NULL;
    g_autofree char *said = NULL;
    NetworkBarrier barrier;
    RunOptions how;
    gboolean open;

    if (!parse (&argc, &argv, &host, &options, &output, error))
        return ERR_USAGE;
    launcher = verb_host_begin (&host, &barrier, error);
    if (launcher == NULL)
        return error_exit_status (*error);
    how = verb_host_run_options (&host, argv + 1, TRUE);
    run = run_open_on_host (&how, launcher, barrier, error);
    if (run == NULL)
        return error_exit_status (*error);
    open = run->journal != NULL;
    verb_host_show_output (run, &output);
    if (open && !recover_run (run, way_of (&options), &said, error))
        return error_exit_status (*error);
    verb_host_show_notes (run, &output, 0);
    print_result (&output, open, open ? said : "no run is open");
    return 0;
}
