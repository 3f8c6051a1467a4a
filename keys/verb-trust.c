/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/verb-trust.h"

#include "install/isolate.h"
#include "manifest/error.h"
#include "manifest/verb.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    const char *name;
    const char *summary;
    VerbFunc func;  /* NULL: of the connected side, which is not built in */
    gboolean alone; /* starts no program and reads what came on a medium (install/isolate.h) */
} SubVerb;

#if WITH_BUNDLER
#define CONNECTED(func) func
#else
#define CONNECTED(func) NULL
#endif

static const SubVerb sub_verbs[] = {
    { "init", "make the first trust root, and keys for it", CONNECTED (verb_trust_init) },
    { "add", "give somebody's key, or a host's, a role", CONNECTED (verb_trust_add) },
    { "retire", "take a key out of its roles", CONNECTED (verb_trust_retire) },
    { "revoke", "declare a key stolen", CONNECTED (verb_trust_revoke) },
    { "rotate", "put a new key in the place of another", CONNECTED (verb_trust_rotate) },
    { "sign", "sign the trust root that is proposed", CONNECTED (verb_trust_sign) },
    { "show", "show roots, roles, thresholds, keys and fingerprint", verb_trust_show, TRUE },
    { "export", "write the chain of roots into one small file", verb_trust_export },
    { "import", "believe a trust root, or follow its chain", verb_trust_import, TRUE },
};

static void
print_help (void)
{
    say ("Usage: handcarry trust SUB-VERB [options]\n\n"
         "The trust root: the signed list of keys, roles and thresholds a host believes.\n\n");
    for (gsize i = 0; i < G_N_ELEMENTS (sub_verbs); i++)
        if (sub_verbs[i].func != NULL)
            say ("  %-8s %s\n", sub_verbs[i].name, sub_verbs[i].summary);
    say ("\n'handcarry trust SUB-VERB --help' shows the options of one.\n");
}

static const SubVerb *
find (const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS (sub_verbs); i++)
        if (strcmp (sub_verbs[i].name, name) == 0)
            return &sub_verbs[i];
    return NULL;
}

int
verb_trust (int argc, char **argv, GError **error)
{
    const SubVerb *sub = argc >= 2 ? find (argv[1]) : NULL;
    g_autofree char *shown = argc >= 2 ? error_quote (argv[1]) : NULL;
    g_autofree char *name = NULL;

    if (argc >= 2 && (strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "-h") == 0)) {
        print_help ();
        return 0;
    }
    if (argc < 2)
        return fail (error, ERR_USAGE,
                     "trust needs a sub-verb; 'handcarry trust --help' lists them"),
               ERR_USAGE;
    if (sub == NULL)
        return fail (error, ERR_USAGE,
                     "trust knows no '%s'; 'handcarry trust --help' lists what it "
                     "knows",
                     shown),
               ERR_USAGE;
    if (sub->func == NULL)
        return fail (
                   error, ERR_USAGE,
                   "'trust %s' is for the connected side, and this handcarry was built without it",
                   shown),
               ERR_USAGE;
    name = g_strdup_printf ("trust %s", argv[1]);
    argv[1] = name;
    if (sub->alone && !isolate_alone (error))
        return error_exit_status (*error);
    return sub->func (argc - 1, argv + 1, error);
}
