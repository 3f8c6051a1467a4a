/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/isolate.h"
#include "manifest/error.h"
#include "manifest/surroundings.h"
#include "manifest/verb.h"
#include "manifest/message.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#error "a fuzz build proves no signature: it must not become a program"
#endif

typedef struct {
    const char *name;
    const char *summary;
    VerbFunc func;
    enum {
        CONNECTED,
        ISOLATED, /* sheds its surroundings, and takes its powers from itself */
        ALONE,    /* starts no program: has them taken before it begins */
    } side;
} Verb;

/* Dispatch, the help list and the tests that walk all verbs read this table. */
static const Verb verbs[] = {
#if WITH_BUNDLER
    { "lint", N_ ("check a release file and what it carries"), verb_lint },
    { "bundle", N_ ("pack and sign a release into one file"), verb_bundle },
    { "extract", N_ ("take everything out again without an engine"), verb_extract },
    { "kit", N_ ("write handcarry itself for hosts that have nothing"), verb_kit },
    { "report", N_ ("write a page about a bundle, to print and sign"), verb_report },
    { "keygen", N_ ("make a key pair in minisign's formats"), verb_keygen },
    { "sign", N_ ("add a vote to a bundle, or make one over a statement"), verb_sign },
#endif
    { "trust", N_ ("say who may sign: make, change, show or import roots"), verb_trust },
    { "show", N_ ("show what is in a bundle"), verb_show },
    { "diff", N_ ("show what differs between two bundles or hosts"), verb_diff },
    { "verify", N_ ("prove signatures and content of a bundle"), verb_verify, ALONE },
    { "plan", N_ ("show what install would do on this host"), verb_plan, ISOLATED },
    { "install", N_ ("install a bundle on this host"), verb_install, ISOLATED },
    { "values", N_ ("show or set what differs on this host"), verb_values, ISOLATED },
    { "rollback", N_ ("go back to the release before"), verb_rollback, ISOLATED },
    { "remove", N_ ("take a product away"), verb_remove, ISOLATED },
    { "recover", N_ ("end a run that was killed or could not go back"), verb_recover, ISOLATED },
    { "prune", N_ ("remove what no kept release needs"), verb_prune, ISOLATED },
    { "status", N_ ("show what is installed here"), verb_status, ISOLATED },
    { "history", N_ ("show what was done here, by whom, and prove it"), verb_history, ISOLATED },
    { "log", N_ ("show what a run printed"), verb_log, ISOLATED },
    { "have", N_ ("write what this host has, for a bundle that fits it"), verb_have, ISOLATED },
    { NULL, NULL, NULL },
};

static void
print_help (FILE *to)
{
    g_autoptr (GString) text = g_string_new (NULL);

    message_show_append (text, "Usage: handcarry VERB [options]\n\n"
                               "Moves a release across an air gap by hand.\n\n");
    for (const Verb *verb = verbs; verb->name != NULL; verb++) {
        g_string_append_printf (text, "  %-10s ", verb->name); /* what is typed stays as it is */
        message_show_append (text, "%s\n", verb->summary);
    }
    message_show_append (text, "\n'handcarry VERB --help' shows the options of one.\n");
    fputs (text->str, to);
}

static const Verb *
find_verb (const char *name)
{
    for (const Verb *verb = verbs; verb->name != NULL; verb++)
        if (strcmp (verb->name, name) == 0)
            return verb;
    return NULL;
}

int
main (int argc, char **argv)
{
    g_autoptr (GError) error = NULL;
    const Verb *verb = argc >= 2 ? find_verb (argv[1]) : NULL;
    int status;

#if IN_KIT
    surroundings_keep_to_own (argv);
#endif
    surroundings_fill_descriptors ();
    /* Where both go into one file, lines stay in the order in which they were printed. */
    setvbuf (stdout, NULL, _IOLBF, BUFSIZ);
    setlocale (LC_CTYPE, "C.UTF-8");
    message_begin ();
    if (argc >= 2 && (strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "help") == 0)) {
        print_help (stdout);
        return 0;
    }
    if (argc >= 2 && strcmp (argv[1], "--version") == 0)
        return printf ("handcarry %s\n", HANDCARRY_VERSION) < 0;
    if (argc < 2) {
        print_help (stderr);
        return ERR_USAGE;
    }
    if (verb == NULL) {
        g_autofree char *shown = error_quote (argv[1]);
        say_error ("handcarry: '%s' is not a verb; 'handcarry --help' lists them\n", shown);
        return ERR_USAGE;
    }
    if (verb->side == ISOLATED)
        surroundings_shed ();
    if (verb->side == ALONE && !isolate_alone (&error))
        return verb_end (error_exit_status (error), verb->name, error);
    status = verb->func (argc - 1, argv + 1, &error);
    return verb_end (status, verb->name, error);
}
