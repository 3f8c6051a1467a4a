/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/votes.h"

#include "manifest/error.h"
#include "manifest/limits.h"
#include "manifest/message.h"

#include <string.h>

static char *
name_key (const RootKey *key)
{
    g_autofree char *id = public_key_id (&key->key);

    return g_strdup_printf ("%s (%s)", key->name, id);
}

static const RootKey *
find_by_id (const Root *root, const Signature *signature)
{
    for (guint i = 0; i < root->keys->len; i++) {
        const RootKey *key = root->keys->pdata[i];

        if (memcmp (key->key.id, signature->id, sizeof signature->id) == 0)
            return key;
    }
    return NULL;
}

static gboolean
fail_unknown (const Root *root, const Signature *signature, GError **error)
{
    g_autofree char *id = public_key_id_to_text (signature->id);

    for (guint i = 0; i < root->revoked->len; i++) {
        const RootRevoked *revoked = root->revoked->pdata[i];

        if (memcmp (revoked->key.id, signature->id, sizeof signature->id) == 0)
            return fail (error, ERR_TRUST, "key %s is revoked; sign again with another key", id);
    }
    return fail (error, ERR_TRUST, "key %s is not in trust root %" G_GUINT64_FORMAT, id,
                 root->number);
}

const RootKey *
votes_find_signer (const Root *root, const MessageHash *hash, GBytes *vote, GError **error)
{
    g_autoptr (Signature) signature = signature_parse (vote, "vote", error);
    const RootKey *key = signature != NULL ? find_by_id (root, signature) : NULL;
    g_autofree char *shown = NULL;

    if (signature == NULL)
        return NULL;
    if (key == NULL)
        return fail_unknown (root, signature, error), NULL;
    shown = name_key (key);
    if (!signature_check (signature, &key->key, hash, error))
        return fail_prefix (error, "key %s", shown), NULL;
    if (root_find_revoked (root, &key->key) != NULL)
        return fail_null (error, ERR_TRUST, "key %s is revoked; sign again with another key",
                          shown);
    return key;
}

gboolean
votes_has_bytes_of (GPtrArray *keys, const RootKey *key)
{
    for (guint i = 0; i < keys->len; i++) {
        const RootKey *other = keys->pdata[i];

        if (other != NULL && public_key_equal (&other->key, &key->key))
            return TRUE;
    }
    return FALSE;
}

static void
add_ignored (GPtrArray *ignored, const char *what, const char *why)
{
    if (ignored != NULL)
        g_ptr_array_add (ignored,
                         message_printf ("a vote on the %s does not count: %s", what, why));
}

GPtrArray *
votes_find_signers (const Root *root, GBytes *text, GPtrArray *votes, const char *what,
                    GPtrArray *ignored, GError **error)
{
    g_autoptr (GPtrArray) signers = g_ptr_array_new ();
    MessageHash hash = message_hash (text);

    if (votes->len > LIMIT_VOTES)
        return fail_null (error, ERR_TRUST, "the %s carries %u votes; at most %d are looked at",
                          what, votes->len, LIMIT_VOTES);
    for (guint i = 0; i < votes->len; i++) {
        g_autoptr (GError) problem = NULL;
        const RootKey *key = votes_find_signer (root, &hash, votes->pdata[i], &problem);

        if (key == NULL) {
            add_ignored (ignored, what, problem->message);
        } else if (votes_has_bytes_of (signers, key)) {
            g_autofree char *shown = name_key (key);
            g_autofree char *why = message_printf ("key %s has voted already", shown);

            add_ignored (ignored, what, why);
            key = NULL;
        }
        g_ptr_array_add (signers, (gpointer)key);
    }
    return g_steal_pointer (&signers);
}

RoleVotes *
votes_judge_role (const Root *root, const RootRole *role, GPtrArray *signers)
{
    g_autoptr (GPtrArray) seen = g_ptr_array_new ();
    RoleVotes *votes = g_new0 (RoleVotes, 1);

    votes->role = g_strdup (role->name);
    votes->signs = root_signs_name (role->signs);
    votes->threshold = role->threshold;
    votes->voted = g_ptr_array_new_with_free_func (g_free);
    votes->missing = g_ptr_array_new_with_free_func (g_free);
    for (guint i = 0; i < role->keys->len; i++) {
        const RootKey *key = role->keys->pdata[i];

        if (votes_has_bytes_of (seen, key) || root_find_revoked (root, &key->key) != NULL)
            continue;
        g_ptr_array_add (seen, (gpointer)key);
        g_ptr_array_add (votes_has_bytes_of (signers, key) ? votes->voted : votes->missing,
                         name_key (key));
    }
    return votes;
}

void
votes_role_free (RoleVotes *votes)
{
    if (votes == NULL)
        return;
    g_free (votes->role);
    g_ptr_array_unref (votes->voted);
    g_ptr_array_unref (votes->missing);
    g_free (votes);
}

gboolean
votes_check_role (const RoleVotes *votes, const char *what, GError **error)
{
    g_autoptr (GString) missing = g_string_new (NULL);

    if (votes->threshold > 0 && votes->voted->len >= votes->threshold)
        return TRUE;
    for (guint i = 0; i < votes->missing->len; i++)
        g_string_append_printf (missing, "%s%s", i > 0 ? ", " : "",
                                (const char *)votes->missing->pdata[i]);
    return fail (error, ERR_TRUST,
                 "the %s has %u of the %u votes that role '%s' must give; "
                 "missing: %s",
                 what, votes->voted->len, votes->threshold, votes->role, missing->str);
}

/* A role for certain sites is left out only where the site is known to be another one. */
gboolean
votes_role_applies (const RootRole *role, RoleSigns signs, const char *site)
{
    if (role->signs != signs)
        return FALSE;
    return role->sites == NULL || site == NULL ||
           g_strv_contains ((const char *const *)role->sites, site);
}

/* A good vote by a key that no role asks (a retired one, a root key) is worth a sentence. */
static void
note_roleless (const Root *root, RoleSigns signs, GPtrArray *signers, VoteReport *report)
{
    for (guint i = 0; i < signers->len; i++) {
        const RootKey *key = signers->pdata[i];
        gboolean asked = key == NULL;

        for (guint j = 0; j < root->roles->len; j++) {
            const RootRole *role = root->roles->pdata[j];

            asked = asked || (role->signs == signs && votes_has_bytes_of (role->keys, key));
        }
        if (!asked)
            g_ptr_array_add (report->ignored,
                             message_printf ("a vote on the %s does not count: key %s is in no "
                                             "role that signs it",
                                             root_signs_name (signs), key->name));
    }
}

/* Every role is reported, the first that lacks votes is the error. */
static gboolean
judge_roles (const Root *root, const char *site, RoleSigns signs, GPtrArray *signers,
             VoteReport *report, GError **error)
{
    const char *what = root_signs_name (signs);
    gboolean met = TRUE;
    guint judged = 0;

    for (guint i = 0; i < root->roles->len; i++) {
        const RootRole *role = root->roles->pdata[i];
        RoleVotes *votes;

        if (!votes_role_applies (role, signs, site))
            continue;
        judged++;
        votes = votes_judge_role (root, role, signers);
        g_ptr_array_add (report->roles, votes);
        if (!votes_check_role (votes, what, met ? error : NULL))
            met = FALSE;
    }
    if (judged == 0)
        return fail (error, ERR_TRUST,
                     "no role of the trust root signs the %s at site '%s', so nothing can be "
                     "installed there; the next trust root can name it: handcarry trust add --role "
                     "ROLE --site %s",
                     what, site != NULL ? site : "?", site != NULL ? site : "SITE");
    return met;
}

gboolean
votes_judge_text (const Root *root, const char *site, RoleSigns signs, GBytes *text,
                  GPtrArray *votes, VoteReport *report, GError **error)
{
    g_autoptr (GPtrArray) signers =
        votes_find_signers (root, text, votes, root_signs_name (signs), report->ignored, error);

    if (signers == NULL)
        return FALSE;
    note_roleless (root, signs, signers, report);
    return judge_roles (root, site, signs, signers, report, error);
}
