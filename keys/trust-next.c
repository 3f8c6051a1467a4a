/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/trust-next.h"

#include "keys/secret.h"
#include "keys/trust-folder.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"

#define HOST_ROLE "host"

static const RootRole *
find_role (const Root *root, RoleSigns signs)
{
    for (guint i = 0; i < root->roles->len; i++)
        if (((const RootRole *)root->roles->pdata[i])->signs == signs)
            return root->roles->pdata[i];
    return NULL;
}

Root *
trust_next_new (const TrustRoot *trust, GError **error)
{
    GPtrArray *chain = trust_chain (trust);
    const SignedRoot *newest = chain->pdata[chain->len - 1];
    Root *root = root_parse (newest->text, "trust root", error);

    if (root != NULL)
        root->number++;
    return root;
}

static gboolean
check_new_key (const Root *root, const char *name, const PublicKey *key, GError **error)
{
    if (root_find_revoked (root, key) != NULL)
        return fail (error, ERR_TRUST,
                     "the key of host '%s' is revoked; remove host.key and host.pub there, and it "
                     "makes a new one",
                     name);
    for (guint i = 0; i < root->keys->len; i++) {
        const RootKey *other = root->keys->pdata[i];

        if (public_key_equal (&other->key, key))
            return fail (error, ERR_TRUST,
                         "the trust root has the key given for '%s' already, as '%s'; hosts that "
                         "were copied need a key each: remove host.key and host.pub on one",
                         name, other->name);
        if (g_str_equal (other->name, name))
            return fail (error, ERR_TRUST,
                         "the trust root has another key with the name '%s'; give the host another "
                         "name in its /etc/handcarry/host.yaml and make the have file again",
                         name);
    }
    if (root->keys->len >= LIMIT_ROOT_KEYS)
        return fail (error, ERR_TRUST, "a trust root has at most %d keys", LIMIT_ROOT_KEYS);
    return TRUE;
}

gboolean
trust_next_add_host (Root *next, const char *name, const PublicKey *key, gboolean *changed,
                     GError **error)
{
    RootRole *role = (RootRole *)find_role (next, SIGNS_RECEIPT);
    const RootKey *there = root_find_key (next, name);

    if (there != NULL && public_key_equal (&there->key, key) && role != NULL &&
        g_ptr_array_find (role->keys, there, NULL) && root_find_revoked (next, key) == NULL)
        return TRUE;
    if (!check_new_key (next, name, key, error))
        return FALSE;
    if (role == NULL)
        role = root_add_role (next, HOST_ROLE, SIGNS_RECEIPT, 1);
    g_ptr_array_add (role->keys, root_add_key (next, name, key, next->number));
    *changed = TRUE;
    return TRUE;
}

static gboolean
check_root_key (const Root *next, const SecretKey *secret, GError **error)
{
    const RootRole *role = find_role (next, SIGNS_ROOT);
    g_autofree char *id = secret_key_id (secret);
    PublicKey key;

    secret_key_get_public (secret, &key);
    for (guint i = 0; i < role->keys->len; i++)
        if (public_key_equal (&((const RootKey *)role->keys->pdata[i])->key, &key))
            return root_find_revoked (next, &key) == NULL ||
                   fail (error, ERR_TRUST, "key %s is revoked; sign with another root key", id);
    return fail (error, ERR_TRUST,
                 "key %s is not in role '%s', which signs trust roots; sign with a root key", id,
                 role->name);
}

/* The same key given twice votes once. */
static gboolean
is_again (GPtrArray *keys, guint at)
{
    PublicKey key, earlier;

    secret_key_get_public (keys->pdata[at], &key);
    for (guint i = 0; i < at; i++) {
        secret_key_get_public (keys->pdata[i], &earlier);
        if (public_key_equal (&earlier, &key))
            return TRUE;
    }
    return FALSE;
}

SignedRoot *
trust_next_sign (const Root *next, GPtrArray *keys, GError **error)
{
    g_autoptr (GBytes) text = root_write (next);
    g_autoptr (SignedRoot) root = signed_root_new (text);
    Digest digest = digest_of_bytes (text);
    g_autofree char *shown = digest_to_text (&digest);
    g_autofree char *comment =
        g_strdup_printf ("handcarry root %" G_GUINT64_FORMAT " %s", next->number, shown);

    for (guint i = 0; i < keys->len; i++) {
        GBytes *vote;

        if (is_again (keys, i))
            continue;
        vote = check_root_key (next, keys->pdata[i], error)
                   ? sign_bytes (keys->pdata[i], text, comment, error)
                   : NULL;
        if (vote == NULL)
            return NULL;
        g_ptr_array_add (root->votes, vote);
    }
    return g_steal_pointer (&root);
}

guint
trust_next_threshold (const Root *next)
{
    return find_role (next, SIGNS_ROOT)->threshold;
}

static TrustRoot *
prove (const TrustRoot *trust, const SignedRoot *next, GError **error)
{
    g_autoptr (GPtrArray) chain = g_ptr_array_copy (trust_chain (trust), NULL, NULL);

    g_ptr_array_set_free_func (chain, NULL);
    g_ptr_array_add (chain, (gpointer)next);
    return trust_walk (trust, chain, error);
}

gboolean
trust_next_store (const TrustRoot *trust, const SignedRoot *next, const char *dir,
                  TrustRoot **proven, GError **error)
{
    guint64 number = trust_number (trust);
    gboolean complete = next->votes->len >= trust_next_threshold (trust_values (trust));
    g_autoptr (TrustRoot) root = NULL;
    autofd int fd = file_open_dir_given (dir, error);

    *proven = NULL;
    if (fd < 0 || !trust_folder_check_proposed (fd, number + 1, next->text, error))
        return FALSE;
    if (!complete)
        return trust_folder_propose (fd, number + 1, next, error);
    root = prove (trust, next, error);
    if (root == NULL || !trust_store (root, dir, number, error))
        return FALSE;
    trust_folder_drop_proposed (fd, number + 1);
    *proven = g_steal_pointer (&root);
    return TRUE;
}
