/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/root-change.h"
#include "keys/verb-trust-change.h"
#include "keys/verb-trust.h"
#include "manifest/error.h"

typedef struct {
    TrustChange change;
    TrustChangeRoles roles;
} Options;

static void
options_clear (Options *options)
{
    trust_change_clear (&options->change);
    trust_change_roles_clear (&options->roles);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* name NULL: only roles are dropped. */
static gboolean
run (Options *options, const char *name, char **bundles, GError **error)
{
    g_autoptr (Proposal) proposal = trust_change_open (&options->change, error);
    g_autoptr (GPtrArray) left = NULL;
    gboolean changed = FALSE;

    if (proposal == NULL)
        return FALSE;
    left = trust_change_roles_of (proposal->root,
                                  name != NULL ? root_find_key (proposal->root, name) : NULL);
    if ((name != NULL && !root_change_retire (proposal->root, name, &changed, error)) ||
        !trust_change_apply_roles (proposal->root, &options->roles, left, &changed, error) ||
        !trust_change_finish (&options->change, proposal, changed, error))
        return FALSE;
    return trust_change_list_bundles (&options->change.output, proposal, bundles, error);
}

int
verb_trust_retire (int argc, char **argv, GError **error)
{
    g_auto (Options) options = { 0 };
    const GOptionEntry entries[] = {
        TRUST_CHANGE_ROLE_ENTRIES (&options.roles),
        TRUST_CHANGE_ENTRIES (&options.change),
        { NULL },
    };

    if (!verb_parse (&argc, &argv, "NAME [BUNDLE|DIR…]",
                     "Takes a key out of its roles, in good standing: somebody leaves, or a "
                     "program is no longer used. Its votes count for no install any more. Lists "
                     "the kept bundles (default: those in the current folder) that would want new "
                     "votes. " TRUST_CHANGE_HELP,
                     entries, &options.change.output, FALSE, error))
        return ERR_USAGE;
    if (argc < 2 && options.roles.drop_roles == NULL)
        return fail (error, ERR_USAGE, "trust retire takes the name of a key, or --drop-role"),
               ERR_USAGE;
    return run (&options, argc > 1 ? argv[1] : NULL, argc > 1 ? argv + 2 : NULL, error)
               ? 0
               : error_exit_status (*error);
}
