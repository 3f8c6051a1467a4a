/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/verb-trust-change.h"

#include "keys/root-change.h"
#include "keys/root-diff.h"
#include "keys/verb-trust.h"
#include "manifest/error.h"
#include "manifest/message.h"

void
trust_change_clear (TrustChange *change)
{
    g_free (change->trust);
    g_strfreev (change->signers);
}

Proposal *
trust_change_open (TrustChange *change, GError **error)
{
    if (change->trust == NULL)
        change->trust = g_strdup ("trust");
    return proposal_open (change->trust, error);
}

void
trust_change_show (const VerbOutput *output, const Proposal *proposal)
{
    g_autofree char *lines = root_diff_to_text (proposal_before (proposal), proposal->root);
    Digest digest = digest_of_bytes (proposal->text->text);
    g_autofree char *shown = digest_to_text (&digest);

    if (proposal->trust != NULL)
        verb_print (output,
                    "Trust root %" G_GUINT64_FORMAT " is to follow root %" G_GUINT64_FORMAT
                    ", and changes:\n\n%s",
                    proposal->root->number, trust_number (proposal->trust), lines);
    else
        verb_print (output, "The first trust root is to say:\n\n%s", lines);
    verb_print (output, "\n  digest   %s\n", shown);
}

gboolean
trust_change_add_vote (Proposal *proposal, const SignerOptions *options, GError **error)
{
    g_autoptr (Signer) signer = signer_load (options, error);
    g_autofree char *comment = proposal_comment (proposal);
    g_autoptr (GBytes) vote = NULL;

    if (signer == NULL || !proposal_check_signer (proposal, &signer->key, error))
        return FALSE;
    vote = signer_sign (signer, proposal->text->text, comment, error);
    return vote != NULL && proposal_add_vote (proposal, vote, error);
}

gboolean
trust_change_sign (Proposal *proposal, char **signers, GError **error)
{
    for (char **path = signers; path != NULL && *path != NULL; path++) {
        const SignerOptions options = { .key = *path };

        if (!trust_change_add_vote (proposal, &options, error))
            return FALSE;
    }
    return TRUE;
}

static char *
join (const GPtrArray *names)
{
    GString *text = g_string_new (NULL);

    for (guint i = 0; i < names->len; i++)
        g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", (char *)names->pdata[i]);
    return g_string_free (text, FALSE);
}

static char *
describe_role (const RoleVotes *role)
{
    g_autofree char *voted = join (role->voted), *missing = join (role->missing);
    gboolean lacks = role->voted->len < role->threshold;

    return message_printf ("%u of %u vote%s%s%s\n%s%s%s", role->voted->len, role->threshold,
                           role->threshold == 1 ? "" : "s", role->voted->len > 0 ? ": " : "", voted,
                           lacks ? "    may still sign: " : "", lacks ? missing : "",
                           lacks ? "\n" : "");
}

void
trust_change_print_votes (const VerbOutput *output, const ProposalVotes *votes, guint64 number)
{
    g_autofree char *own = describe_role (votes->own);
    g_autofree char *before = votes->before != NULL ? describe_role (votes->before) : NULL;

    if (before == NULL || g_str_equal (before, own))
        verb_print (output, "  its root keys have given %s", own);
    else
        verb_print (output,
                    "  root keys of root %" G_GUINT64_FORMAT " have given %s"
                    "  root keys of root %" G_GUINT64_FORMAT " itself have given %s",
                    number - 1, before, number, own);
    for (guint i = 0; i < votes->ignored->len; i++)
        verb_print (output, "  %s\n", (const char *)votes->ignored->pdata[i]);
}

static void
print_complete (const VerbOutput *output, const TrustRoot *trust, const char *dir)
{
    verb_print (output, "\n");
    verb_trust_print (output, trust);
    verb_print (output,
                "\nIt is complete. Every bundle packed with '%s' from now on brings it to the "
                "hosts,\nand 'handcarry trust import' does.\n",
                dir);
}

gboolean
trust_change_store (const VerbOutput *output, Proposal *proposal, gboolean *complete,
                    GError **error)
{
    guint64 number = proposal->root->number;
    g_autoptr (TrustRoot) proven = NULL;
    g_autoptr (ProposalVotes) votes = NULL;

    if (!proposal_store (proposal, &proven, error) ||
        (votes = proposal_count (proposal, error)) == NULL)
        return FALSE;
    *complete = proven != NULL;
    if (proven != NULL) {
        print_complete (output, proven, proposal->dir);
        return TRUE;
    }
    verb_print (output,
                "\nNobody believes it yet: it is '%s/%" G_GUINT64_FORMAT ".root.yaml.new', and\n",
                proposal->dir, number);
    trust_change_print_votes (output, votes, number);
    verb_print (output,
                "Each of them, with this folder or a copy of it:\n"
                "  handcarry trust sign --key ROOT.key --trust %s\n"
                "Votes made on copies: copy their files %" G_GUINT64_FORMAT
                ".root.yaml.*.minisig into one folder, then:\n"
                "  handcarry trust sign --trust %s\n",
                proposal->dir, number, proposal->dir);
    return TRUE;
}

gboolean
trust_change_finish (const TrustChange *change, Proposal *proposal, gboolean changed,
                     GError **error)
{
    gboolean complete;
    guint dropped = 0;

    if (!changed && proposal->text == NULL) {
        verb_print (&change->output,
                    "Trust root %" G_GUINT64_FORMAT " in '%s' has it already; nothing was done.\n",
                    trust_number (proposal->trust), change->trust);
        return TRUE;
    }
    if (changed && !root_change_check (proposal->root, error))
        return FALSE;
    if (changed && !proposal_rewrite (proposal, &dropped, error))
        return FALSE;
    trust_change_show (&change->output, proposal);
    if (dropped > 0)
        verb_print (&change->output,
                    "\nIt was proposed already without this change; the %u vote%s given on that "
                    "no longer\nfit%s and must be given again.\n",
                    dropped, dropped == 1 ? "" : "s", dropped == 1 ? "s" : "");
    return trust_change_sign (proposal, change->signers, error) &&
           trust_change_store (&change->output, proposal, &complete, error);
}
