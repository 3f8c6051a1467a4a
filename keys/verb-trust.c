/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/verb-trust.h"

#include "manifest/error.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    const char *name;
    const char *summary;
    VerbFunc func; /* NULL: known, and not in this version */
} SubVerb;

static const SubVerb sub_verbs[] = {
#if WITH_BUNDLER
    { "init", "make root and release keys and the first trust root", verb_trust_init },
    { "add", "enrol the key of a host, in the next trust root", verb_trust_add },
    { "sign", "sign the trust root that is proposed", verb_trust_sign },
#else
    { "init", "make root and release keys and the first trust root", NULL },
    { "add", "enrol the key of a host, in the next trust root", NULL },
    { "sign", "sign the trust root that is proposed", NULL },
#endif
    { "show", "show roots, roles, thresholds, keys and fingerprint", verb_trust_show },
    { "import", "believe a trust root, or follow its chain", verb_trust_import },
    { "retire", "take a key out of its roles", NULL },
    { "revoke", "declare a key stolen", NULL },
    { "rotate", "replace a key by another", NULL },
};

static void
print_help (void)
{
    printf ("Usage: handcarry trust SUB-VERB [options]\n\n"
            "The trust root: the signed list of keys, roles and thresholds a host believes.\n\n");
    for (gsize i = 0; i < G_N_ELEMENTS (sub_verbs); i++)
        if (sub_verbs[i].func != NULL)
            printf ("  %-8s %s\n", sub_verbs[i].name, sub_verbs[i].summary);
    printf ("\n'handcarry trust SUB-VERB --help' shows the options of one.\n");
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
        return fail (error, ERR_USAGE, "trust needs a sub-verb: init, add, show or import"),
               ERR_USAGE;
    if (sub == NULL)
        return fail (error, ERR_USAGE, "trust knows no '%s'; expected init, add, show or import",
                     shown),
               ERR_USAGE;
    if (sub->func == NULL)
        return fail (error, ERR_USAGE, "'trust %s' is not in this version of handcarry", shown),
               ERR_USAGE;
    name = g_strdup_printf ("trust %s", argv[1]);
    argv[1] = name;
    return sub->func (argc - 1, argv + 1, error);
}
