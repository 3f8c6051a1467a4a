/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/root-change.h"
#include "keys/verb-trust-change.h"
#include "keys/verb-trust.h"
#include "manifest/error.h"
#include "manifest/path.h"

typedef struct {
    TrustChange change;
    char **hosts, **keys; /* in pairs */
} Options;

static void
options_clear (Options *options)
{
    trust_change_clear (&options->change);
    g_strfreev (options->hosts);
    g_strfreev (options->keys);
}

static guint
count (char **list)
{
    return list != NULL ? g_strv_length (list) : 0;
}

static gboolean
check_options (const Options *options, int argc, GError **error)
{
    if (argc != 1)
        return fail (error, ERR_USAGE, "trust add takes no argument; a key is given by --key");
    if (count (options->hosts) == 0 || count (options->keys) != count (options->hosts))
        return fail (error, ERR_USAGE,
                     "trust add needs --host NAME and --key FILE, in pairs: %u and %u were given",
                     count (options->hosts), count (options->keys));
    for (char **host = options->hosts; *host != NULL; host++) {
        g_autoptr (GError) problem = NULL;

        if (!path_check_product (*host, &problem))
            return fail (error, ERR_USAGE, "--host: %s", problem->message);
    }
    return TRUE;
}

static gboolean
add_hosts (const Options *options, Root *next, gboolean *changed, GError **error)
{
    for (guint i = 0; options->hosts[i] != NULL; i++) {
        g_autofree char *line = NULL;
        PublicKey key;

        if (!public_key_load (options->keys[i], &key, error) ||
            !root_change_add_host (next, options->hosts[i], &key, changed, error))
            return FALSE;
        line = public_key_to_base64 (&key);
        verb_print (&options->change.output, "Host %s, public key:\n  %s\n", options->hosts[i],
                    line);
    }
    return TRUE;
}

static gboolean
run (Options *options, GError **error)
{
    g_autoptr (Proposal) proposal = trust_change_open (&options->change, error);
    gboolean changed = FALSE;

    if (proposal == NULL || !add_hosts (options, proposal->root, &changed, error))
        return FALSE;
    if (changed)
        verb_print (&options->change.output,
                    "Compare each public key with what 'handcarry have' showed on the host.\n\n");
    return trust_change_finish (&options->change, proposal, changed, error);
}

int
verb_trust_add (int argc, char **argv, GError **error)
{
    __attribute__ ((cleanup (options_clear))) Options options = { 0 };
    const GOptionEntry entries[] = {
        { "host", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.hosts,
          "the host's name, as 'handcarry have' shows it (may be repeated)", "NAME" },
        { "key", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.keys,
          "its public key: host.pub, or FILE.pub beside a have file (once for each --host)",
          "FILE" },
        TRUST_CHANGE_ENTRIES (&options.change),
        { NULL },
    };

    if (!verb_parse (
            &argc, &argv, "",
            "Enrols the keys of hosts: have files and receipts that they signed count from "
            "then on. " TRUST_CHANGE_HELP,
            entries, &options.change.output, FALSE, error) ||
        !check_options (&options, argc, error))
        return ERR_USAGE;
    return run (&options, error) ? 0 : error_exit_status (*error);
}
