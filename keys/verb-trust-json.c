/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/verb-trust-show.h"
#include "manifest/json-out.h"
#include "manifest/verb-json.h"

static void
add_role (JsonBuilder *json, const RootRole *role)
{
    json_builder_begin_object (json);
    json_out_text (json, "name", role->name);
    json_out_text (json, "signs", root_signs_name (role->signs));
    json_out_number (json, "threshold", role->threshold);
    json_builder_set_member_name (json, "keys");
    json_builder_begin_array (json);
    for (guint i = 0; i < role->keys->len; i++)
        json_builder_add_string_value (json, ((const RootKey *)role->keys->pdata[i])->name);
    json_builder_end_array (json);
    if (role->products != NULL)
        json_out_texts (json, "products", role->products);
    if (role->sites != NULL)
        json_out_texts (json, "sites", role->sites);
    json_builder_end_object (json);
}

static void
add_key (JsonBuilder *json, const Root *root, const RootKey *key)
{
    g_autofree char *id = public_key_id (&key->key);
    g_autofree char *line = public_key_to_base64 (&key->key);

    json_builder_begin_object (json);
    json_out_text (json, "name", key->name);
    json_out_text (json, "id", id);
    json_out_text (json, "key", line);
    json_out_number (json, "since", key->since);
    json_builder_set_member_name (json, "roles");
    json_builder_begin_array (json);
    for (guint i = 0; i < root->roles->len; i++) {
        const RootRole *role = root->roles->pdata[i];

        if (g_ptr_array_find (role->keys, key, NULL))
            json_builder_add_string_value (json, role->name);
    }
    json_builder_end_array (json);
    json_out_flag (json, "revoked", root_find_revoked (root, &key->key) != NULL);
    json_builder_end_object (json);
}

static void
add_revoked (JsonBuilder *json, const TrustHistory *history, const RootRevoked *revoked)
{
    g_autofree char *id = public_key_id (&revoked->key);
    g_autofree char *line = public_key_to_base64 (&revoked->key);

    json_builder_begin_object (json);
    json_out_text (json, "name", trust_history_name (history, &revoked->key));
    json_out_text (json, "id", id);
    json_out_text (json, "key", line);
    json_out_number (json, "since", trust_history_revoked_since (history, &revoked->key));
    json_out_text (json, "reason", revoked->reason);
    json_builder_end_object (json);
}

static void
begin_list (JsonBuilder *json, const char *name)
{
    json_builder_set_member_name (json, name);
    json_builder_begin_array (json);
}

static void
add_lists (JsonBuilder *json, const Root *root, const TrustHistory *history)
{
    begin_list (json, "roles");
    for (guint i = 0; i < root->roles->len; i++)
        add_role (json, root->roles->pdata[i]);
    json_builder_end_array (json);
    begin_list (json, "keys");
    for (guint i = 0; i < root->keys->len; i++)
        add_key (json, root, root->keys->pdata[i]);
    json_builder_end_array (json);
    begin_list (json, "revoked");
    for (guint i = 0; i < root->revoked->len; i++)
        add_revoked (json, history, root->revoked->pdata[i]);
    json_builder_end_array (json);
}

static void
add_chain (JsonBuilder *json, const TrustRoot *trust, const TrustHistory *history)
{
    GPtrArray *chain = trust_chain (trust);

    begin_list (json, "chain");
    for (guint i = 0; i < chain->len; i++) {
        const SignedRoot *root = chain->pdata[i];
        g_autoptr (GPtrArray) signers = trust_history_signers (history, root, i + 1);
        Digest digest = digest_of_bytes (root->text);
        g_autofree char *hex = digest_to_hex (&digest);

        json_builder_begin_object (json);
        json_out_number (json, "number", i + 1);
        json_out_text (json, "fingerprint", hex);
        json_out_lines (json, "signed", signers);
        json_builder_end_object (json);
    }
    json_builder_end_array (json);
}

static void
add_votes (JsonBuilder *json, const char *name, const RoleVotes *role)
{
    json_builder_set_member_name (json, name);
    json_builder_begin_object (json);
    json_out_number (json, "threshold", role->threshold);
    json_out_lines (json, "voted", role->voted);
    json_out_lines (json, "missing", role->missing);
    json_builder_end_object (json);
}

static void
add_proposal (JsonBuilder *json, const Proposal *proposal, const ProposalVotes *votes)
{
    Digest digest = digest_of_bytes (proposal->text->text);
    g_autofree char *hex = digest_to_hex (&digest);

    json_builder_set_member_name (json, "proposed");
    json_builder_begin_object (json);
    json_out_number (json, "number", proposal->root->number);
    json_out_text (json, "fingerprint", hex);
    if (votes->before != NULL)
        add_votes (json, "before", votes->before);
    add_votes (json, "own", votes->own);
    json_out_flag (json, "complete", proposal_votes_suffice (votes));
    json_builder_end_object (json);
}

void
trust_show_json (const char *folder, const TrustRoot *trust, const Proposal *proposal,
                 const ProposalVotes *votes)
{
    g_autoptr (JsonBuilder) json = json_builder_new ();
    g_auto (TrustHistory) history = { NULL };
    Digest digest = trust_fingerprint (trust);
    g_autofree char *hex = digest_to_hex (&digest);

    trust_history_init (&history, trust);
    json_builder_begin_object (json);
    json_out_text (json, "schema", "handcarry/trust-show/1");
    json_out_text (json, "folder", folder);
    json_out_number (json, "number", trust_number (trust));
    json_out_number (json, "epoch", trust_epoch (trust));
    json_out_text (json, "fingerprint", hex);
    add_lists (json, trust_values (trust), &history);
    add_chain (json, trust, &history);
    if (proposal != NULL)
        add_proposal (json, proposal, votes);
    json_builder_end_object (json);
    verb_json_print (json);
}
