/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/root-change.h"
#include "keys/verb-trust-change.h"
#include "keys/verb-trust.h"
#include "manifest/error.h"

#include <fcntl.h>
#include <unistd.h>

typedef struct {
    TrustChange change;
    TrustChangeRoles roles;
    char *reason;
    gboolean raise_epoch;
} Options;

static void
options_clear (Options *options)
{
    trust_change_clear (&options->change);
    trust_change_roles_clear (&options->roles);
    g_free (options->reason);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
is_named (const RootKey *key, const char *name)
{
    g_autofree char *id = public_key_id (&key->key);

    return g_str_equal (key->name, name) || g_str_equal (id, name);
}

static gboolean
find_in (const Root *root, const char *name, PublicKey *key)
{
    for (guint i = 0; i < root->keys->len; i++) {
        const RootKey *known = root->keys->pdata[i];

        if (!is_named (known, name))
            continue;
        *key = known->key;
        return TRUE;
    }
    return FALSE;
}

/* An id may be of a key that only an older root listed; a name means the newest root's. */
static gboolean
find_in_chain (const TrustRoot *trust, const char *name, PublicKey *key)
{
    GPtrArray *chain = trust_chain (trust);

    for (guint i = chain->len; i > 0; i--) {
        const SignedRoot *one = chain->pdata[i - 1];
        g_autoptr (Root) root = root_parse (one->text, "trust root", NULL);

        if (root != NULL && find_in (root, name, key))
            return TRUE;
    }
    return FALSE;
}

static gboolean
find_key (const Proposal *proposal, const char *name, PublicKey *key, GError **error)
{
    g_autofree char *shown = error_quote (name);

    if (find_in (proposal->root, name, key) ||
        (proposal->trust != NULL && find_in_chain (proposal->trust, name, key)))
        return TRUE;
    if (faccessat (AT_FDCWD, name, F_OK, 0) == 0)
        return public_key_load (name, key, error);
    return fail (error, ERR_TRUST,
                 "'%s' is no key's name or id in these trust roots, and no file; 'handcarry trust "
                 "show' lists the keys, and one that no root lists is given as FILE.pub",
                 shown);
}

static gboolean
run (Options *options, const char *name, char **bundles, GError **error)
{
    g_autoptr (Proposal) proposal = trust_change_open (&options->change, error);
    g_autoptr (GPtrArray) left = NULL;
    gboolean changed = FALSE;
    PublicKey key;

    if (proposal == NULL || !find_key (proposal, name, &key, error))
        return FALSE;
    left = trust_change_roles_of (proposal->root, root_find_key (proposal->root, name));
    if (!root_change_revoke (proposal->root, &key, options->reason, &changed, error) ||
        !trust_change_apply_roles (proposal->root, &options->roles, left, &changed, error))
        return FALSE;
    if (options->raise_epoch)
        trust_change_raise_epoch (proposal, &changed);
    return trust_change_finish (&options->change, proposal, changed, error) &&
           trust_change_list_bundles (&options->change.output, proposal, bundles, error);
}

int
verb_trust_revoke (int argc, char **argv, GError **error)
{
    g_auto (Options) options = { 0 };
    const GOptionEntry entries[] = {
        { "reason", 0, 0, G_OPTION_ARG_STRING, &options.reason,
          "why, for whoever reads the trust root later", "TEXT" },
        { "raise-epoch", 0, 0, G_OPTION_ARG_NONE, &options.raise_epoch, TRUST_CHANGE_EPOCH_HELP,
          NULL },
        TRUST_CHANGE_ROLE_ENTRIES (&options.roles),
        TRUST_CHANGE_ENTRIES (&options.change),
        { NULL },
    };

    if (!verb_parse (&argc, &argv, "NAME|KEYID|FILE.pub [BUNDLE|DIR…]",
                     "Declares a key stolen or lost: nothing it signed counts any more, whatever "
                     "else a trust root says. Where a role needs another key in its place, 'trust "
                     "rotate --revoke' does both. Lists the kept bundles (default: those in the "
                     "current folder) that would want new votes. " TRUST_CHANGE_HELP,
                     entries, &options.change.output, FALSE, error))
        return ERR_USAGE;
    if (argc < 2)
        return fail (error, ERR_USAGE, "trust revoke takes a key's name, its id or FILE.pub"),
               ERR_USAGE;
    if (options.reason == NULL)
        return fail (error, ERR_USAGE, "trust revoke needs --reason TEXT, for whoever reads it"),
               ERR_USAGE;
    if (!trust_change_check_reason (options.reason, error))
        return ERR_USAGE;
    return run (&options, argv[1], argv + 2, error) ? 0 : error_exit_status (*error);
}
