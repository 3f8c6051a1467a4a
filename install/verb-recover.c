/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/recover.h"
#include "install/run-open.h"
#include "install/verb-record.h"
#include "install/verb-recover.h"
#include "manifest/error.h"
#include "manifest/path.h"
#include "manifest/json-out.h"
#include "manifest/verb-json.h"
#include "manifest/verb.h"

typedef struct {
    gboolean boot, forward, give_up, yes;
    char *adopt, *channel;
    gint64 floor; /* -1: not given */
} Options;

static void
options_clear (Options *options)
{
    g_free (options->adopt);
    g_free (options->channel);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
check (int argc, const Options *options, GError **error)
{
    gboolean adopt = options->adopt != NULL;

    if (argc != 1)
        return fail (error, ERR_USAGE, "recover takes no argument");
    if (options->forward + options->give_up + options->boot + adopt > 1)
        return fail (error, ERR_USAGE,
                     "--forward, --give-up, --boot and --adopt exclude each other");
    if (adopt && options->floor < 0)
        return fail (error, ERR_USAGE,
                     "--adopt needs --floor N: the highest release number that was ever installed "
                     "here, which nothing but a person knows");
    if (!adopt && (options->floor >= 0 || options->channel != NULL || options->yes))
        return fail (error, ERR_USAGE, "--floor, --channel and --yes go with --adopt");
    return !adopt || (path_check_product (options->adopt, error) &&
                      (options->channel == NULL || path_check_product (options->channel, error)));
}

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
        { "adopt", 0, 0, G_OPTION_ARG_STRING, &options->adopt,
          "rebuild what this host knew of PRODUCT, where that was lost", "PRODUCT" },
        { "floor", 0, 0, G_OPTION_ARG_INT64, &options->floor,
          "with --adopt: the highest release number that was ever installed here", "N" },
        { "channel", 0, 0, G_OPTION_ARG_STRING, &options->channel,
          "with --adopt: the channel of that number (default: stable)", "NAME" },
        { "yes", 'y', 0, G_OPTION_ARG_NONE, &options->yes,
          "with --adopt: do not ask for the number again", NULL },
        { NULL },
    };

    return verb_host_parse (
               argc, argv, "",
               "Ends a run that was killed or that failed on its way back: before the switch to "
               "the new release everything is taken back, after it the run goes forward once, else "
               "back. Needs no bundle. Does nothing where no run is open.",
               entries, HOST_ENGINE | HOST_ROOT | HOST_RECORD, host, output, error) &&
           check (*argc, options, error);
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
    json_out_text (json, "schema", "handcarry.recover/1");
    json_out_flag (json, "changed", open);
    json_out_text (json, "message", said);
    json_builder_end_object (json);
    verb_json_print (json);
}

int
verb_recover (int argc, char **argv, GError **error)
{
    g_auto (HostOptions) host = { 0 };
    g_auto (Options) options = { .floor = -1 };
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
    if (run == NULL && options.give_up &&
        g_error_matches (*error, HANDCARRY_ERROR, ERR_NEEDS_ATTENTION)) {
        g_clear_error (error);
        if (!recover_set_aside (host.root, &said, error))
            return error_exit_status (*error);
        print_result (&output, TRUE, said);
        return 0;
    }
    if (run == NULL)
        return error_exit_status (*error);
    if (options.adopt != NULL) {
        const Adoption adoption = { options.adopt, (guint64)options.floor, options.channel };

        return verb_recover_adopt (run, &adoption, options.yes, &output, error);
    }
    open = run->journal != NULL;
    verb_host_show_output (run, &output);
    if (open && !recover_run (run, way_of (&options), &said, error))
        return error_exit_status (*error);
    verb_host_show_notes (run, &output, 0);
    verb_record_carry_back (&how, &output);
    print_result (&output, open, open ? said : "no run is open");
    return 0;
}
