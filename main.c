/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/isolate.h"
#include "manifest/error.h"
#include "manifest/surroundings.h"
#include "manifest/verb.h"

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
    { "lint", "check a release file and what it carries", verb_lint },
    { "bundle", "pack and sign a release into one file", verb_bundle },
    { "extract", "take everything out again without an engine", verb_extract },
    { "report", "write a page about a bundle, to print and sign", verb_report },
    { "keygen", "make a key pair in minisign's formats", verb_keygen },
    { "sign", "add a vote to a bundle, or make one over a statement", verb_sign },
#endif
    { "trust", "say who may sign: make, change, show or import roots", verb_trust },
    { "show", "show what is in a bundle", verb_show },
    { "diff", "show what differs between two bundles or hosts", verb_diff },
    { "verify", "prove signatures and content of a bundle", verb_verify, ALONE },
    { "plan", "show what install would do on this host", verb_plan, ISOLATED },
    { "install", "install a bundle on this host", verb_install, ISOLATED },
    { "rollback", "go back to the release before", verb_rollback, ISOLATED },
    { "remove", "take a product away", verb_remove, ISOLATED },
    { "recover", "end a run that was killed or could not go back", verb_recover, ISOLATED },
    { "prune", "remove what no kept release needs", verb_prune, ISOLATED },
    { "status", "show what is installed here", verb_status, ISOLATED },
    { "history", "show what was done here, by whom, and prove it", verb_history, ISOLATED },
    { "log", "show what a run printed", verb_log, ISOLATED },
    { "have", "write what this host has, for a bundle that fits it", verb_have, ISOLATED },
    { NULL, NULL, NULL },
};

static void
print_help (FILE *to)
{
    fputs ("Usage: handcarry VERB [options]\n\nMoves a release across an air gap by hand.\n\n", to);
    for (const Verb *verb = verbs; verb->name != NULL; verb++)
        fprintf (to, "  %-10s %s\n", verb->name, verb->summary);
    fprintf (to, "\n'handcarry VERB --help' shows the options of one.\n");
}

static const Verb *
find_verb (const char *name)
{
    for (const Verb *verb = verbs; verb->name != NULL; verb++)
        if (strcmp (verb->name, name) == 0)
            return verb;
    return NULL;
}

static int
report (int status, const char *verb, const GError *error)
{
    const char *hint = strcmp (verb, "trust") != 0 ? error_hint (status) : NULL;
    g_autofree char *shown = error != NULL ? error_clean (error->message) : NULL;

    if (error != NULL)
        fprintf (stderr, "handcarry: %s\n", shown);
    if (error != NULL && hint != NULL)
        fprintf (stderr, "           %s\n", hint);
    else if (error != NULL && status == ERR_USAGE)
        fprintf (stderr, "           'handcarry %s --help' shows the options\n", verb);
    return status;
}

int
main (int argc, char **argv)
{
    g_autoptr (GError) error = NULL;
    const Verb *verb;
    int status;

    surroundings_fill_descriptors ();
    /* Where both go into one file, lines stay in the order in which they were printed. */
    setvbuf (stdout, NULL, _IOLBF, BUFSIZ);
    setlocale (LC_CTYPE, "C.UTF-8");
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
    verb = find_verb (argv[1]);
    if (verb == NULL) {
        g_autofree char *shown = error_quote (argv[1]);
        fprintf (stderr, "handcarry: '%s' is not a verb; 'handcarry --help' lists them\n", shown);
        return ERR_USAGE;
    }
    if (verb->side == ISOLATED)
        surroundings_shed ();
    if (verb->side == ALONE && !isolate_alone (&error))
        return report (error_exit_status (error), verb->name, error);
    status = verb->func (argc - 1, argv + 1, &error);
    return report (status, verb->name, error);
}
