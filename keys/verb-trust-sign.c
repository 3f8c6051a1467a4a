/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/verb-trust-change.h"
#include "keys/verb-trust.h"
#include "manifest/error.h"

static gboolean
fail_nothing (const Proposal *proposal, GError **error)
{
    return fail (error, ERR_FAILED,
                 "nothing is proposed in '%s': root %" G_GUINT64_FORMAT " is the newest, and there "
                 "is no '%" G_GUINT64_FORMAT ".root.yaml.new'",
                 proposal->dir, trust_number (proposal->trust), proposal->root->number);
}

/* Without a key: are the votes that others gave enough by now? */
static gboolean
check_complete (const Proposal *proposal, GError **error)
{
    g_autoptr (ProposalVotes) votes = proposal_count (proposal, error);

    if (votes == NULL)
        return FALSE;
    return proposal_votes_suffice (votes) ||
           fail (error, ERR_TRUST,
                 "trust root %" G_GUINT64_FORMAT " lacks votes; sign it with --key, or copy the "
                 "votes of others into '%s'",
                 proposal->root->number, proposal->dir);
}

static gboolean
run (TrustChange *change, GError **error)
{
    g_autoptr (Proposal) proposal = trust_change_open (change, error);
    gboolean complete = FALSE;

    if (proposal == NULL)
        return FALSE;
    if (proposal->text == NULL)
        return fail_nothing (proposal, error);
    trust_change_show (&change->output, proposal);
    if (!trust_change_sign (proposal, change->signers, error) ||
        !trust_change_store (&change->output, proposal, &complete, error))
        return FALSE;
    return change->signers != NULL || complete || check_complete (proposal, error);
}

int
verb_trust_sign (int argc, char **argv, GError **error)
{
    g_auto (TrustChange) change = { 0 };
    const GOptionEntry entries[] = {
        { "key", 'k', 0, G_OPTION_ARG_FILENAME_ARRAY, &change.signers,
          "the root key to sign with (may be repeated)", "KEY" },
        { "trust", 0, 0, G_OPTION_ARG_FILENAME, &change.trust, "the trust folder; default: trust",
          "DIR" },
        { NULL },
    };

    if (!verb_parse (&argc, &argv, "",
                     "Shows what the proposed trust root changes, then signs it. With enough votes "
                     "of different root keys it becomes the newest root. Without --key: counts the "
                     "votes that lie in the folder; exit status 4 where they are not enough.",
                     entries, &change.output, FALSE, error))
        return ERR_USAGE;
    if (argc != 1)
        return fail (error, ERR_USAGE,
                     "trust sign takes no argument; the folder is named by --trust"),
               ERR_USAGE;
    return run (&change, error) ? 0 : error_exit_status (*error);
}
