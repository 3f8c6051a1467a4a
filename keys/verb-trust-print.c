/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/fingerprint.h"
#include "keys/root-diff.h"
#include "keys/verb-trust-show.h"
#include "keys/verb-trust.h"
#include "manifest/error.h"
#include "manifest/message.h"

static char *
join_keys (const Root *root, const RootRole *role)
{
    GString *text = g_string_new (NULL);

    for (guint i = 0; i < role->keys->len; i++) {
        const RootKey *key = role->keys->pdata[i];

        message_append (text, "%s%s%s", i > 0 ? ", " : "", key->name,
                        root_find_revoked (root, &key->key) != NULL ? " (revoked)" : "");
    }
    return g_string_free (text, FALSE);
}

static void
print_scope (const VerbOutput *output, const char *what, char **names)
{
    g_autofree char *joined = names != NULL ? g_strjoinv (", ", names) : NULL;

    if (joined != NULL)
        verb_print (output, "%41s%s: %s\n", "", what, joined);
}

static void
print_roles (const VerbOutput *output, const Root *root)
{
    verb_print (output, "\n  %-14s %-14s %-9s keys\n", "role", "signs", "votes");
    for (guint i = 0; i < root->roles->len; i++) {
        const RootRole *role = root->roles->pdata[i];
        g_autofree char *keys = join_keys (root, role);

        verb_print (output, "  %-14s %-14s %-9u %s\n", role->name, root_signs_name (role->signs),
                    role->threshold, keys);
        print_scope (output, "products", role->products);
        print_scope (output, "sites", role->sites);
    }
}

static char *
join_roles (const Root *root, const RootKey *key)
{
    GString *text = g_string_new (NULL);

    for (guint i = 0; i < root->roles->len; i++) {
        const RootRole *role = root->roles->pdata[i];

        if (g_ptr_array_find (role->keys, key, NULL))
            message_append (text, "%s%s", text->len > 0 ? ", " : "", role->name);
    }
    if (text->len == 0)
        message_append (text, "%s", "none: retired");
    return g_string_free (text, FALSE);
}

static void
print_keys (const VerbOutput *output, const TrustRoot *trust, const Root *root)
{
    g_auto (TrustHistory) history = { NULL };

    trust_history_init (&history, trust);
    verb_print (output, "\n  %-14s %-18s %-11s roles\n", "key", "id", "since root");
    for (guint i = 0; i < root->keys->len; i++) {
        const RootKey *key = root->keys->pdata[i];
        g_autofree char *id = public_key_id (&key->key), *roles = join_roles (root, key);

        verb_print (output, "  %-14s %-18s %-11" G_GUINT64_FORMAT " %s\n", key->name, id,
                    key->since, roles);
    }
    for (guint i = 0; i < root->revoked->len; i++) {
        const RootRevoked *revoked = root->revoked->pdata[i];
        const char *name = trust_history_name (&history, &revoked->key);
        g_autofree char *id = public_key_id (&revoked->key);
        g_autofree char *reason = error_quote (revoked->reason != NULL ? revoked->reason : "");

        verb_print (output, "  %-14s %-18s %-11" G_GUINT64_FORMAT " REVOKED%s%s\n",
                    name != NULL ? name : "-", id,
                    trust_history_revoked_since (&history, &revoked->key),
                    *reason != '\0' ? ": " : "", reason);
    }
}

void
verb_trust_print (const VerbOutput *output, const TrustRoot *trust)
{
    Digest digest = trust_fingerprint (trust);
    g_autofree char *fingerprint = fingerprint_to_text (&digest, "  ");

    verb_print (output,
                "Trust root %" G_GUINT64_FORMAT ", epoch %" G_GUINT64_FORMAT ", fingerprint:\n\n%s",
                trust_number (trust), trust_epoch (trust), fingerprint);
    print_roles (output, trust_values (trust));
    print_keys (output, trust, trust_values (trust));
}

void
trust_show_print_chain (const VerbOutput *output, const TrustRoot *trust)
{
    GPtrArray *chain = trust_chain (trust);
    g_auto (TrustHistory) history = { NULL };

    trust_history_init (&history, trust);
    for (guint i = 0; i < chain->len; i++) {
        const SignedRoot *root = chain->pdata[i];
        g_autoptr (GPtrArray) signers = trust_history_signers (&history, root, i + 1);
        Digest digest = digest_of_bytes (root->text);
        g_autofree char *fingerprint = fingerprint_to_text (&digest, "    ");

        verb_print (output, "\n  root %u\n%s    signed by", i + 1, fingerprint);
        for (guint k = 0; k < signers->len; k++)
            verb_print (output, "%s %s", k > 0 ? "," : "", (const char *)signers->pdata[k]);
        verb_print (output, "\n");
    }
}

static void
print_role_votes (const VerbOutput *output, const char *what, const RoleVotes *role)
{
    verb_print (output, "  %s: %u of %u vote%s\n", what, role->voted->len, role->threshold,
                role->threshold == 1 ? "" : "s");
    for (guint i = 0; i < role->voted->len; i++)
        verb_print (output, "    signed     %s\n", (const char *)role->voted->pdata[i]);
    for (guint i = 0; role->voted->len < role->threshold && i < role->missing->len; i++)
        verb_print (output, "    may still  %s\n", (const char *)role->missing->pdata[i]);
}

void
trust_show_print_proposal (const VerbOutput *output, const Proposal *proposal,
                           const ProposalVotes *votes)
{
    g_autofree char *lines = root_diff_to_text (proposal_before (proposal), proposal->root);

    verb_print (output,
                "%sTrust root %" G_GUINT64_FORMAT " is proposed, nobody believes it yet. It "
                "changes:\n\n%s\n",
                proposal->trust != NULL ? "\n" : "", proposal->root->number, lines);
    if (votes->before != NULL)
        print_role_votes (output, "root keys that are believed", votes->before);
    print_role_votes (output, "its own root keys", votes->own);
    for (guint i = 0; i < votes->ignored->len; i++)
        verb_print (output, "  %s\n", (const char *)votes->ignored->pdata[i]);
    verb_print (output, "  next: handcarry trust sign%s --trust %s\n",
                proposal_votes_suffice (votes) ? "" : " --key ROOT.key", proposal->dir);
}
