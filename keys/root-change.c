/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/root-change.h"

#include "manifest/error.h"
#include "manifest/limits.h"

#define HOST_ROLE "host"

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
root_change_add_host (Root *root, const char *name, const PublicKey *key, gboolean *changed,
                      GError **error)
{
    RootRole *role = root_find_signing (root, SIGNS_RECEIPT);
    const RootKey *there = root_find_key (root, name);

    if (there != NULL && public_key_equal (&there->key, key) && role != NULL &&
        g_ptr_array_find (role->keys, there, NULL) && root_find_revoked (root, key) == NULL)
        return TRUE;
    if (!check_new_key (root, name, key, error))
        return FALSE;
    if (role == NULL)
        role = root_add_role (root, HOST_ROLE, SIGNS_RECEIPT, 1);
    g_ptr_array_add (role->keys, root_add_key (root, name, key, root->number));
    *changed = TRUE;
    return TRUE;
}
