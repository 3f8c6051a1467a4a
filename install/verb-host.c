/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/verb-host.h"

#include "install/config-choice.h"
#include "install/isolate.h"
#include "install/recover.h"
#include "install/run-open.h"
#include "install/verb-record.h"
#include "manifest/error.h"
#include "manifest/message.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void
host_options_clear (HostOptions *options)
{
    g_free (options->engine);
    g_free (options->trust);
    g_free (options->root);
    g_strfreev (options->configs);
    g_clear_pointer (&options->choices, g_ptr_array_unref);
    g_free (options->given);
    g_clear_pointer (&options->trees, tree_store_free);
    g_free (options->by);
    g_free (options->ref);
    g_free (options->carry_back);
}

gboolean
verb_host_parse (int *argc, char ***argv, const char *synopsis, const char *description,
                 const GOptionEntry *own, guint which, HostOptions *options, VerbOutput *output,
                 GError **error)
{
    const struct {
        guint which;
        GOptionEntry entry;
    } shared[] = {
        { HOST_ENGINE,
          { "engine", 0, 0, G_OPTION_ARG_STRING, &options->engine, "socket of the container engine",
            "unix:///PATH" } },
        { HOST_TRUST,
          { "trust", 0, 0, G_OPTION_ARG_FILENAME, &options->trust,
            "trust root (default: /etc/handcarry/trust)", "DIR" } },
        { HOST_ROOT,
          { "root", 0, 0, G_OPTION_ARG_FILENAME, &options->root,
            "where var/lib/handcarry and etc/handcarry lie (default: /)", "DIR" } },
        { HOST_NO_COPY,
          { "no-copy", 0, 0, G_OPTION_ARG_NONE, &options->no_copy,
            "read the medium in place instead of copying what is needed first", NULL } },
        { HOST_CONFIG,
          { "config", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->configs,
            "a config that was changed on this host: keep the change, take the new one, or place "
            "FILE; may be given again",
            "PATH=keep|new|FILE" } },
        { HOST_RECORD,
          { "by", 0, 0, G_OPTION_ARG_STRING, &options->by,
            "who does this, for the receipt (default: who has logged in)", "NAME" } },
        { HOST_RECORD,
          { "ref", 0, 0, G_OPTION_ARG_STRING, &options->ref,
            "why, for the receipt: a ticket, a change number", "TICKET" } },
        { HOST_RECORD,
          { "carry-back", 0, 0, G_OPTION_ARG_FILENAME, &options->carry_back,
            "copy this host's receipts into DIR at the end", "DIR" } },
    };
    g_autoptr (GArray) entries = g_array_new (TRUE, FALSE, sizeof (GOptionEntry));

    for (; own != NULL && own->long_name != NULL; own++)
        g_array_append_vals (entries, own, 1);
    for (gsize i = 0; i < G_N_ELEMENTS (shared); i++)
        if (which & shared[i].which)
            g_array_append_vals (entries, &shared[i].entry, 1);
    if (!verb_parse (argc, argv, synopsis, description, (GOptionEntry *)(void *)entries->data,
                     output, TRUE, error))
        return FALSE;
    options->choices = config_choices_parse (options->configs, error);
    return options->choices != NULL &&
           ((which & HOST_RECORD) == 0 || verb_record_find_person (options, error));
}

void
verb_host_signals (gboolean hold)
{
    sigset_t set;

    sigemptyset (&set);
    sigaddset (&set, SIGINT);
    sigaddset (&set, SIGTERM);
    sigprocmask (hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

Launcher *
verb_host_begin (HostOptions *acts, NetworkBarrier *barrier, GError **error)
{
    g_autoptr (Launcher) launcher = NULL;

    signal (SIGPIPE, SIG_IGN);
    /* A console that is lost must not leave the host half changed. */
    if (acts != NULL)
        signal (SIGHUP, SIG_IGN);
    launcher = launcher_start (error);
    if (launcher == NULL || !isolate_process (barrier, error))
        return NULL;
    if (acts == NULL)
        return g_steal_pointer (&launcher);
    acts->trees = tree_store_start (error);
    if (acts->trees == NULL)
        return NULL;
    verb_host_signals (TRUE);
    return g_steal_pointer (&launcher);
}

static void
show (const guint8 *bytes, gsize length, gpointer data)
{
    fwrite (bytes, 1, length, stdout);
    fflush (stdout);
}

void
verb_host_show_output (Run *run, const VerbOutput *output)
{
    if (!output->json && !output->quiet)
        run->output = show;
}

void
verb_host_show_notes (const Run *run, const VerbOutput *output, guint first)
{
    for (guint i = first; i < run->notes->len && !output->json; i++)
        verb_warn ("%s", (char *)g_ptr_array_index (run->notes, i));
}

RunOptions
verb_host_run_options (HostOptions *options, char **paths, gboolean write)
{
    options->given = g_strjoinv (" ", paths);
    return (RunOptions){
        .paths = paths,
        .given = options->given,
        .trees = options->trees,
        .engine = options->engine,
        .trust = options->trust,
        .root = options->root,
        .no_copy = options->no_copy,
        .by = options->by,
        .ref = options->ref,
        .carry_back = options->carry_back,
        .write = write,
        .choices = options->choices,
    };
}

gboolean
verb_host_confirm (const char *question, GError **error)
{
    g_autofree char *prompt = message_show ("%s [y/N] ", question);
    g_autofree char *answer = NULL;

    verb_host_signals (FALSE);
    answer = verb_ask (prompt, error);
    verb_host_signals (TRUE);
    if (answer == NULL)
        return FALSE;
    if (g_ascii_strcasecmp (answer, "y") != 0 && g_ascii_strcasecmp (answer, "yes") != 0)
        return fail (error, ERR_FAILED, "nothing was done: the answer was not 'y'");
    return TRUE;
}

/* A run that did not end comes first: what it left is not what plan would look at. */
gboolean
verb_host_recover (const RunOptions *how, Launcher *launcher, NetworkBarrier barrier,
                   const VerbOutput *output, GError **error)
{
    g_autoptr (Run) run = run_open_on_host (how, launcher, barrier, error);
    g_autofree char *said = NULL;

    if (run == NULL)
        return FALSE;
    if (run->journal == NULL)
        return TRUE;
    run->options.resume = TRUE;
    verb_host_show_output (run, output);
    if (!recover_run (run, RECOVER_ALONE, &said, error))
        return fail_prefix (error, "an earlier run did not end");
    verb_host_show_notes (run, output, 0);
    verb_warn ("an earlier run did not end: %s", said);
    return TRUE;
}
