/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/error.h"
#include "manifest/verb.h"

#include <stdio.h>
#include <string.h>

static void
print_help (const char *verb, const char *about, const VerbSub *subs)
{
    say ("Usage: handcarry %s SUB-VERB [options]\n\n", verb);
    say ("%s\n\n", about);
    for (; subs->name != NULL; subs++)
        if (subs->func != NULL) {
            printf ("  %-8s ", subs->name); /* as it is typed, whatever the language */
            say ("%s\n", subs->summary);
        }
    say ("\n'handcarry %s SUB-VERB --help' shows the options of one.\n", verb);
}

static const VerbSub *
find (const VerbSub *subs, const char *name)
{
    for (; subs->name != NULL; subs++)
        if (strcmp (subs->name, name) == 0)
            return subs;
    return NULL;
}

const VerbSub *
verb_find_sub (int argc, char **argv, const char *about, const VerbSub *subs, char **name,
               GError **error)
{
    const VerbSub *sub = argc >= 2 ? find (subs, argv[1]) : NULL;
    g_autofree char *shown = argc >= 2 ? error_quote (argv[1]) : NULL;

    if (argc >= 2 && (strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "-h") == 0)) {
        print_help (argv[0], about, subs);
        return NULL;
    }
    if (argc < 2)
        return fail_null (error, ERR_USAGE, "%s needs a sub-verb; 'handcarry %s --help' lists them",
                          argv[0], argv[0]);
    if (sub == NULL)
        return fail_null (error, ERR_USAGE,
                          "%s knows no '%s'; 'handcarry %s --help' lists what it knows", argv[0],
                          shown, argv[0]);
    if (sub->func == NULL)
        return fail_null (error, ERR_USAGE,
                          "'%s %s' is for the connected side, and this handcarry was built without "
                          "it",
                          argv[0], shown);
    *name = g_strdup_printf ("%s %s", argv[0], argv[1]);
    argv[1] = *name;
    return sub;
}
