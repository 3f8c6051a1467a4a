/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/host.h"
#include "install/records.h"
#include "keys/trust-folder.h"
#include "keys/verb-trust-show.h"
#include "keys/verb-trust.h"
#include "manifest/error.h"

#include <string.h>
#include <unistd.h>

char *
verb_trust_host_folder (const char *root)
{
    return g_build_filename (root != NULL ? root : "/", "etc/handcarry/trust", NULL);
}

gboolean
verb_trust_begin_state (const char *trust, const char *root, GError **error)
{
    g_autofree char *usual = verb_trust_host_folder (root);
    g_autofree char *host = g_canonicalize_filename (usual, NULL);
    g_autofree char *given = g_canonicalize_filename (trust, NULL);
    g_autofree char *state = g_build_filename (root != NULL ? root : "/", HOST_STATE_FOLDER, NULL);

    return strcmp (host, given) != 0 || records_create (state, error);
}

static gboolean
holds_any (const char *folder)
{
    return trust_folder_has_root (folder) || trust_folder_has (folder, 1, TRUE);
}

/* The folder beside a release.yaml is meant on the connected side; elsewhere only where the host
 * believes nobody. */
char *
verb_trust_choose_folder (const char *root)
{
    g_autofree char *host = verb_trust_host_folder (root);

    if (root == NULL && holds_any ("trust") &&
        (access ("release.yaml", F_OK) == 0 || !trust_folder_has_root (host)))
        return g_strdup ("trust");
    return g_steal_pointer (&host);
}

static void
print_text (const VerbOutput *output, const char *folder, const TrustRoot *trust,
            const Proposal *proposal, const ProposalVotes *votes, gboolean chain)
{
    if (trust != NULL) {
        verb_print (output, "%s: ", folder);
        verb_trust_print (output, trust);
    }
    if (trust != NULL && chain)
        trust_show_print_chain (output, trust);
    if (votes != NULL)
        trust_show_print_proposal (output, proposal, votes);
}

/* What waits for votes beside the newest root, or instead of one. A bad one is only a warning: it
 * is nothing that anybody believes. */
static Proposal *
find_proposal (const char *folder, const TrustRoot *trust, ProposalVotes **votes)
{
    g_autoptr (GError) problem = NULL;
    g_autoptr (Proposal) proposal = NULL;
    guint64 number = trust != NULL ? trust_number (trust) + 1 : 1;

    if (!trust_folder_has (folder, number, TRUE))
        return NULL;
    proposal = proposal_open (folder, &problem);
    if (proposal != NULL && proposal->text != NULL)
        *votes = proposal_count (proposal, &problem);
    if (problem != NULL)
        verb_warn ("%s", problem->message);
    return *votes != NULL ? g_steal_pointer (&proposal) : NULL;
}

static int
show (const VerbOutput *output, const char *folder, gboolean chain, GError **error)
{
    g_autoptr (TrustRoot) trust = trust_load (folder, error);
    g_autoptr (ProposalVotes) votes = NULL;
    g_autoptr (Proposal) proposal = find_proposal (folder, trust, &votes);

    if (output->json && trust != NULL)
        trust_show_json (folder, trust, proposal, votes);
    else if (!output->json)
        print_text (output, folder, trust, proposal, votes, chain);
    return trust != NULL ? 0 : error_exit_status (*error);
}

int
verb_trust_show (int argc, char **argv, GError **error)
{
    g_autofree char *given = NULL, *root = NULL, *folder = NULL;
    gboolean chain = FALSE;
    VerbOutput output = { 0 };
    const GOptionEntry entries[] = {
        { "chain", 0, 0, G_OPTION_ARG_NONE, &chain,
          "also the fingerprint of every root so far, and who signed it", NULL },
        { "trust", 0, 0, G_OPTION_ARG_FILENAME, &given,
          "the trust folder; default: trust/ here, beside release.yaml or where the host has none, "
          "else the host's",
          "DIR" },
        { "root", 0, 0, G_OPTION_ARG_FILENAME, &root, "the host's files lie below DIR", "DIR" },
        { NULL },
    };

    if (!verb_parse (&argc, &argv, "",
                     "Shows the newest trust root after proving its chain: who signs what, with "
                     "which keys, since which root, and which keys are revoked. Then the root that "
                     "is proposed, if there is one: what it changes, who has signed it and who may "
                     "still.",
                     entries, &output, TRUE, error))
        return ERR_USAGE;
    if (argc != 1)
        return fail (error, ERR_USAGE,
                     "trust show takes no argument; a folder is named by --trust"),
               ERR_USAGE;
    folder = given != NULL ? g_strdup (given) : verb_trust_choose_folder (root);
    return show (&output, folder, chain, error);
}
