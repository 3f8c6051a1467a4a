/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/proposal.h"

#include "keys/selftest.h"
#include "keys/signature.h"
#include "keys/trust-folder.h"
#include "keys/votes.h"
#include "manifest/error.h"
#include "manifest/limits.h"
#include "manifest/message.h"

#include <string.h>

void
proposal_free (Proposal *proposal)
{
    if (proposal == NULL)
        return;
    g_free (proposal->dir);
    trust_free (proposal->trust);
    root_free (proposal->root);
    signed_root_free (proposal->text);
    g_clear_pointer (&proposal->found, g_bytes_unref);
    g_free (proposal);
}

static char *
proposal_name (guint64 number)
{
    return g_strdup_printf ("%" G_GUINT64_FORMAT ".root.yaml.new", number);
}

static gboolean
check_follows (const Proposal *proposal, guint64 number, GError **error)
{
    guint64 epoch = proposal->trust != NULL ? trust_epoch (proposal->trust) : 0;
    g_autofree char *name = proposal_name (number);

    if (proposal->root->number != number)
        return fail (error, ERR_TRUST,
                     "'%s' calls itself root %" G_GUINT64_FORMAT "; root %" G_GUINT64_FORMAT
                     " is the next one",
                     name, proposal->root->number, number);
    if (proposal->root->epoch < epoch)
        return fail (error, ERR_TRUST,
                     "'%s' lowers the epoch from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
                     ", which no host takes",
                     name, epoch, proposal->root->epoch);
    return TRUE;
}

static gboolean
read_proposed (Proposal *proposal, guint64 number, GError **error)
{
    g_autofree char *name = proposal_name (number);

    if (!trust_folder_read_proposed (proposal->dir, number, &proposal->text, error))
        return FALSE;
    if (proposal->text == NULL)
        return TRUE;
    proposal->found = g_bytes_ref (proposal->text->text);
    proposal->root = root_parse (proposal->text->text, name, error);
    return proposal->root != NULL && check_follows (proposal, number, error);
}

static gboolean
copy_newest (Proposal *proposal, GError **error)
{
    GPtrArray *chain = trust_chain (proposal->trust);
    const SignedRoot *newest = chain->pdata[chain->len - 1];

    if (chain->len >= LIMIT_ROOT_CHAIN)
        return fail (error, ERR_TRUST, "a chain has at most %d roots, and this one has them",
                     LIMIT_ROOT_CHAIN);
    proposal->root = root_parse (newest->text, "trust root", error);
    if (proposal->root == NULL)
        return FALSE;
    proposal->root->number++;
    return TRUE;
}

Proposal *
proposal_open (const char *dir, GError **error)
{
    g_autoptr (Proposal) proposal = g_new0 (Proposal, 1);

    if (!keys_start (error))
        return NULL;
    proposal->dir = g_strdup (dir);
    if (trust_folder_has_root (dir) || !trust_folder_has (dir, 1, TRUE)) {
        proposal->trust = trust_load (dir, error);
        if (proposal->trust == NULL)
            return NULL;
    }
    if (!read_proposed (proposal, proposal->trust != NULL ? trust_number (proposal->trust) + 1 : 1,
                        error) ||
        (proposal->root == NULL && !copy_newest (proposal, error)))
        return NULL;
    return g_steal_pointer (&proposal);
}

Proposal *
proposal_new_first (const char *dir, Root *root, GError **error)
{
    g_autoptr (Proposal) proposal = g_new0 (Proposal, 1);
    guint dropped;

    proposal->dir = g_strdup (dir);
    proposal->root = root;
    if (!keys_start (error) || !proposal_rewrite (proposal, &dropped, error))
        return NULL;
    return g_steal_pointer (&proposal);
}

/* What is written is parsed again: a rule of the format that a change broke is found here, and not
 * by the first host that reads it. */
gboolean
proposal_rewrite (Proposal *proposal, guint *dropped, GError **error)
{
    g_autoptr (GBytes) text = root_write (proposal->root);
    g_autoptr (Root) again = root_parse (text, "the new trust root", error);

    *dropped = 0;
    if (again == NULL)
        return FALSE;
    if (proposal->text != NULL)
        *dropped = proposal->text->votes->len;
    signed_root_free (proposal->text);
    proposal->text = signed_root_new (text);
    root_free (proposal->root);
    proposal->root = g_steal_pointer (&again);
    return TRUE;
}

const Root *
proposal_before (const Proposal *proposal)
{
    return proposal->trust != NULL ? trust_values (proposal->trust) : NULL;
}

static gboolean
has_root_key (const Root *root, const PublicKey *key)
{
    const RootRole *role = root_find_signing (root, SIGNS_ROOT);

    for (guint i = 0; i < role->keys->len; i++)
        if (public_key_equal (&((const RootKey *)role->keys->pdata[i])->key, key))
            return root_find_revoked (root, key) == NULL;
    return FALSE;
}

gboolean
proposal_check_signer (const Proposal *proposal, const PublicKey *key, GError **error)
{
    const Root *before = proposal_before (proposal);
    g_autofree char *id = public_key_id (key);

    if (has_root_key (proposal->root, key) || (before != NULL && has_root_key (before, key)))
        return TRUE;
    if (root_find_revoked (proposal->root, key) != NULL)
        return fail (error, ERR_TRUST, "key %s is revoked; sign with another root key", id);
    return fail (error, ERR_TRUST,
                 "key %s is not in role '%s', which signs trust roots; sign with a root key", id,
                 root_find_signing (proposal->root, SIGNS_ROOT)->name);
}

char *
proposal_comment (const Proposal *proposal)
{
    Digest digest = digest_of_bytes (proposal->text->text);
    g_autofree char *shown = digest_to_text (&digest);

    return g_strdup_printf ("handcarry root %" G_GUINT64_FORMAT " %s", proposal->root->number,
                            shown);
}

gboolean
proposal_add_vote (Proposal *proposal, GBytes *vote, GError **error)
{
    g_autoptr (Signature) signature = signature_parse (vote, "vote", error);
    GPtrArray *votes = proposal->text->votes;

    if (signature == NULL)
        return FALSE;
    for (guint i = 0; i < votes->len; i++) {
        g_autoptr (Signature) other = signature_parse (votes->pdata[i], "vote", NULL);

        if (other != NULL && memcmp (other->id, signature->id, sizeof other->id) == 0)
            g_ptr_array_remove_index (votes, i--);
    }
    g_ptr_array_add (votes, g_bytes_ref (vote));
    return TRUE;
}

static GPtrArray *
find_signers (const Root *judge, const SignedRoot *text, GError **error)
{
    return votes_find_signers (judge, text->text, text->votes, "proposed root", NULL, error);
}

static gboolean
counts (const Root *judge, GPtrArray *signers, guint at)
{
    const RootKey *key = signers != NULL ? signers->pdata[at] : NULL;

    return key != NULL && votes_has_bytes_of (root_find_signing (judge, SIGNS_ROOT)->keys, key);
}

static void
add_ignored (ProposalVotes *votes, GBytes *vote)
{
    g_autoptr (Signature) signature = signature_parse (vote, "vote", NULL);
    g_autofree char *id = signature != NULL ? public_key_id_to_text (signature->id) : NULL;

    g_ptr_array_add (votes->ignored,
                     message_printf ("the vote of key %s does not count: it is damaged, for "
                                     "another text, or of no root key",
                                     id != NULL ? id : "(unreadable)"));
}

ProposalVotes *
proposal_count (const Proposal *proposal, GError **error)
{
    const Root *before = proposal_before (proposal), *own = proposal->root;
    g_autoptr (ProposalVotes) votes = g_new0 (ProposalVotes, 1);
    g_autoptr (GPtrArray) of_own = NULL, of_before = NULL;

    votes->ignored = g_ptr_array_new_with_free_func (g_free);
    of_own = find_signers (own, proposal->text, error);
    if (of_own == NULL)
        return NULL;
    votes->own = votes_judge_role (own, root_find_signing (own, SIGNS_ROOT), of_own);
    if (before != NULL) {
        of_before = find_signers (before, proposal->text, error);
        if (of_before == NULL)
            return NULL;
        votes->before =
            votes_judge_role (before, root_find_signing (before, SIGNS_ROOT), of_before);
    }
    for (guint i = 0; i < proposal->text->votes->len; i++)
        if (!counts (own, of_own, i) && !counts (before, of_before, i))
            add_ignored (votes, proposal->text->votes->pdata[i]);
    return g_steal_pointer (&votes);
}

gboolean
proposal_votes_suffice (const ProposalVotes *votes)
{
    return votes->own->voted->len >= votes->own->threshold &&
           (votes->before == NULL || votes->before->voted->len >= votes->before->threshold);
}

void
proposal_votes_free (ProposalVotes *votes)
{
    if (votes == NULL)
        return;
    votes_role_free (votes->before);
    votes_role_free (votes->own);
    g_ptr_array_unref (votes->ignored);
    g_free (votes);
}

/* Without the votes that count for nobody, of which there may be junk. */
static SignedRoot *
keep_votes_that_count (const Proposal *proposal, GError **error)
{
    const Root *before = proposal_before (proposal), *own = proposal->root;
    g_autoptr (SignedRoot) kept = signed_root_new (proposal->text->text);
    g_autoptr (GPtrArray) of_own = find_signers (own, proposal->text, error), of_before = NULL;

    if (of_own == NULL)
        return NULL;
    if (before != NULL && (of_before = find_signers (before, proposal->text, error)) == NULL)
        return NULL;
    for (guint i = 0; i < proposal->text->votes->len; i++)
        if (counts (own, of_own, i) || counts (before, of_before, i))
            g_ptr_array_add (kept->votes, g_bytes_ref (proposal->text->votes->pdata[i]));
    return g_steal_pointer (&kept);
}

static TrustRoot *
prove (const Proposal *proposal, SignedRoot *next, GError **error)
{
    g_autoptr (GPtrArray) chain = g_ptr_array_new ();

    if (proposal->trust != NULL)
        g_ptr_array_extend (chain, trust_chain (proposal->trust), NULL, NULL);
    g_ptr_array_add (chain, next);
    return trust_prove (chain, error);
}

static gboolean
is_text (GBytes *found, GBytes *text)
{
    return found == NULL || text == NULL ? found == text : g_bytes_equal (found, text);
}

static gboolean
has_vote (const SignedRoot *root, GBytes *vote)
{
    for (guint i = 0; i < root->votes->len; i++)
        if (g_bytes_equal (root->votes->pdata[i], vote))
            return TRUE;
    return FALSE;
}

/* Between opening and storing a person has read and typed a password: on a folder that several use,
 * others have changed or signed it meanwhile. */
static gboolean
take_what_came (Proposal *proposal, GError **error)
{
    guint64 number = proposal->root->number;
    g_autoptr (SignedRoot) now = NULL;

    if (trust_folder_has (proposal->dir, number, FALSE))
        return fail (error, ERR_FAILED,
                     "trust root %" G_GUINT64_FORMAT
                     " was completed in '%s' meanwhile, and nothing "
                     "was written; next: handcarry trust show --trust %s",
                     number, proposal->dir, proposal->dir);
    if (!trust_folder_read_proposed (proposal->dir, number, &now, error))
        return FALSE;
    if (!is_text (proposal->found, now != NULL ? now->text : NULL))
        return fail (error, ERR_FAILED,
                     "somebody else has changed '%s/%" G_GUINT64_FORMAT ".root.yaml.new' "
                     "meanwhile, and nothing was written; look at it again: handcarry trust show "
                     "--trust %s",
                     proposal->dir, number, proposal->dir);
    for (guint i = 0; now != NULL && i < now->votes->len; i++)
        if (g_bytes_equal (now->text, proposal->text->text) &&
            !has_vote (proposal->text, now->votes->pdata[i]))
            g_ptr_array_add (proposal->text->votes, g_bytes_ref (now->votes->pdata[i]));
    return TRUE;
}

gboolean
proposal_store (Proposal *proposal, TrustRoot **proven, GError **error)
{
    guint64 number = proposal->root->number;
    gboolean ready = take_what_came (proposal, error);
    g_autoptr (SignedRoot) kept = ready ? keep_votes_that_count (proposal, error) : NULL;
    g_autoptr (ProposalVotes) votes = kept != NULL ? proposal_count (proposal, error) : NULL;
    g_autoptr (TrustRoot) root = NULL;

    *proven = NULL;
    if (votes == NULL || !trust_folder_propose (proposal->dir, number, kept, error))
        return FALSE;
    if (!proposal_votes_suffice (votes))
        return TRUE;
    root = prove (proposal, kept, error);
    if (root == NULL || !trust_store (root, proposal->dir, number - 1, error))
        return FALSE;
    trust_folder_drop_proposed (proposal->dir, number);
    *proven = g_steal_pointer (&root);
    return TRUE;
}
