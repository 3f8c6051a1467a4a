/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/root-change.h"
#include "keys/verb-trust-change.h"
#include "keys/verb-trust.h"
#include "manifest/error.h"

typedef struct {
    TrustChange change;
    char *key, *reason;
    gboolean revoke, raise_epoch;
} Options;

static void
options_clear (Options *options)
{
    trust_change_clear (&options->change);
    g_free (options->key);
    g_free (options->reason);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
replace (const Options *options, Root *root, const char *name, gboolean *changed, GError **error)
{
    PublicKey key;

    return public_key_load (options->key, &key, error) &&
           root_change_replace (root, name, &key, options->reason, changed, error);
}

/* name NULL: only the epoch is raised. */
static gboolean
run (Options *options, const char *name, char **bundles, GError **error)
{
    g_autoptr (Proposal) proposal = trust_change_open (&options->change, error);
    gboolean changed = FALSE;

    if (proposal == NULL ||
        (name != NULL && !replace (options, proposal->root, name, &changed, error)))
        return FALSE;
    if (options->raise_epoch)
        trust_change_raise_epoch (proposal, &changed);
    return trust_change_finish (&options->change, proposal, changed, error) &&
           trust_change_list_bundles (&options->change.output, proposal, bundles, error);
}

static gboolean
check (const Options *options, int argc, GError **error)
{
    if ((argc < 2) != (options->key == NULL))
        return fail (error, ERR_USAGE,
                     "trust rotate takes the name of a key and --key FILE.pub, which takes its "
                     "place");
    if (argc < 2 && !options->raise_epoch)
        return fail (error, ERR_USAGE,
                     "trust rotate takes the name of a key and --key FILE.pub, or --raise-epoch");
    if (options->revoke != (options->reason != NULL))
        return fail (error, ERR_USAGE, "--revoke and --reason TEXT go together");
    return options->reason == NULL || trust_change_check_reason (options->reason, error);
}

int
verb_trust_rotate (int argc, char **argv, GError **error)
{
    g_auto (Options) options = { 0 };
    const GOptionEntry entries[] = {
        { "key", 0, 0, G_OPTION_ARG_FILENAME, &options.key,
          "the public key that takes the place of NAME's", "FILE" },
        { "revoke", 0, 0, G_OPTION_ARG_NONE, &options.revoke,
          "the old key was stolen or lost: nothing it signed counts any more", NULL },
        { "reason", 0, 0, G_OPTION_ARG_STRING, &options.reason, "with --revoke: why", "TEXT" },
        { "raise-epoch", 0, 0, G_OPTION_ARG_NONE, &options.raise_epoch, TRUST_CHANGE_EPOCH_HELP,
          NULL },
        TRUST_CHANGE_ENTRIES (&options.change),
        { NULL },
    };

    if (!verb_parse (&argc, &argv, "[NAME --key FILE] [BUNDLE|DIR…]",
                     "Puts a new key in the place of another, under its name and in all its roles. "
                     "The old one stays listed as NAME-rN, in good standing, or is revoked. Lists "
                     "the kept bundles (default: those in the current folder) that would want new "
                     "votes. " TRUST_CHANGE_HELP,
                     entries, &options.change.output, FALSE, error) ||
        !check (&options, argc, error))
        return ERR_USAGE;
    return run (&options, argc > 1 ? argv[1] : NULL, argc > 1 ? argv + 2 : NULL, error)
               ? 0
               : error_exit_status (*error);
}
