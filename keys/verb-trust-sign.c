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

/* Every file on a copied folder is somebody's word: what is to be signed is shown first. */
static gboolean
run (TrustChange *change, const SignerOptions *signer, GError **error)
{
    g_autoptr (Proposal) proposal = trust_change_open (change, error);
    gboolean complete = FALSE;

    if (proposal == NULL)
        return FALSE;
    if (proposal->text == NULL)
        return fail_nothing (proposal, error);
    trust_change_show (&change->output, proposal);
    if ((signer->key != NULL && !trust_change_add_vote (proposal, signer, error)) ||
        !trust_change_store (&change->output, proposal, &complete, error))
        return FALSE;
    return signer->key != NULL || complete || check_complete (proposal, error);
}

typedef struct {
    TrustChange change;
    SignerOptions signer;
} Options;

static void
options_clear (Options *options)
{
    trust_change_clear (&options->change);
    signer_options_clear (&options->signer);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

int
verb_trust_sign (int argc, char **argv, GError **error)
{
    g_auto (Options) options = { 0 };
    const GOptionEntry entries[] = {
        SIGNER_OPTIONS (&options.signer),
        { "trust", 0, 0, G_OPTION_ARG_FILENAME, &options.change.trust,
          "the trust folder; default: trust", "DIR" },
        { NULL },
    };

    if (!verb_parse (&argc, &argv, "",
                     "Shows what the proposed trust root changes, then signs it. With enough votes "
                     "of different root keys it becomes the newest root. Without --key: counts the "
                     "votes that lie in the folder; exit status 4 where they are not enough.",
                     entries, &options.change.output, FALSE, error) ||
        !signer_options_check (&options.signer, error))
        return ERR_USAGE;
    if (argc != 1)
        return fail (error, ERR_USAGE,
                     "trust sign takes no argument; the folder is named by --trust"),
               ERR_USAGE;
    return run (&options.change, &options.signer, error) ? 0 : error_exit_status (*error);
}
