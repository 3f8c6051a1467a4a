/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/root-change.h"

#include "manifest/error.h"
#include "manifest/limits.h"
#include "manifest/message.h"

#include <string.h>

#define HOST_ROLE "host"

static gboolean
check_new_key (const Root *root, const char *name, const PublicKey *key, GError **error)
{
    const RootKey *same = root_find_bytes (root, key);

    if (root_find_revoked (root, key) != NULL)
        return fail (error, ERR_TRUST,
                     "the key given for '%s' is revoked; make another one (on a host: remove "
                     "host.key and host.pub, and it makes one)",
                     name);
    if (same != NULL)
        return fail (error, ERR_TRUST,
                     "the trust root has the key given for '%s' already, as '%s'; everyone "
                     "needs a key of their own, hosts that were copied need a key each (remove "
                     "host.key and host.pub on one)",
                     name, same->name);
    if (root_find_key (root, name) != NULL)
        return fail (error, ERR_TRUST,
                     "the trust root has another key with the name '%s'; take another name (a host "
                     "has it in its /etc/handcarry/host.yaml), or replace the key: handcarry trust "
                     "rotate %s --key FILE.pub",
                     name, name);
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

gboolean
root_change_add_key (Root *root, const char *name, const PublicKey *key, gboolean *changed,
                     GError **error)
{
    const RootKey *there = root_find_key (root, name);

    if (there != NULL && public_key_equal (&there->key, key) &&
        root_find_revoked (root, key) == NULL)
        return TRUE;
    if (!check_new_key (root, name, key, error))
        return FALSE;
    root_add_key (root, name, key, root->number);
    *changed = TRUE;
    return TRUE;
}

static RootRole *
find_or_make_role (Root *root, const RoleChange *change, gboolean *changed, GError **error)
{
    RootRole *role = root_find_role (root, change->name);

    if (role != NULL && change->has_signs && role->signs != change->signs)
        return fail_null (error, ERR_TRUST,
                          "role '%s' signs the %s, not the %s; what a role signs never changes: "
                          "make another role",
                          role->name, root_signs_name (role->signs),
                          root_signs_name (change->signs));
    if (role != NULL)
        return role;
    if (!change->has_signs)
        return fail_null (error, ERR_TRUST,
                          "there is no role '%s'; to make it, say what it signs: --signs "
                          "statement, packing, root or receipt",
                          change->name);
    if (root->roles->len >= LIMIT_ROOT_ROLES)
        return fail_null (error, ERR_TRUST, "a trust root has at most %d roles", LIMIT_ROOT_ROLES);
    *changed = TRUE;
    return root_add_role (root, change->name, change->signs, 1);
}

static void
set_names (char ***names, char **given, gboolean *changed)
{
    if (given == NULL ||
        (*names != NULL && g_strv_equal ((const char *const *)*names, (const char *const *)given)))
        return;
    g_strfreev (*names);
    *names = g_strdupv (given);
    *changed = TRUE;
}

static gboolean
join_role (Root *root, RootRole *role, const char *name, gboolean *changed, GError **error)
{
    const RootKey *key = root_find_key (root, name);

    if (key == NULL)
        return fail (error, ERR_TRUST, "the trust root has no key '%s'; give it with --key", name);
    if (g_ptr_array_find (role->keys, key, NULL))
        return TRUE;
    g_ptr_array_add (role->keys, (gpointer)key);
    *changed = TRUE;
    return TRUE;
}

gboolean
root_change_role (Root *root, const RoleChange *change, gboolean *changed, GError **error)
{
    RootRole *role = find_or_make_role (root, change, changed, error);

    if (role == NULL ||
        (change->key != NULL && !join_role (root, role, change->key, changed, error)))
        return FALSE;
    set_names (&role->products, change->products, changed);
    set_names (&role->sites, change->sites, changed);
    return change->threshold == 0 ||
           root_change_threshold (root, role->name, change->threshold, changed, error);
}

gboolean
root_change_threshold (Root *root, const char *name, guint threshold, gboolean *changed,
                       GError **error)
{
    RootRole *role = root_find_role (root, name);

    if (role == NULL)
        return fail (error, ERR_TRUST, "there is no role '%s'", name);
    if (role->threshold != threshold)
        *changed = TRUE;
    role->threshold = threshold;
    return TRUE;
}

gboolean
root_change_drop_role (Root *root, const char *name, gboolean *changed, GError **error)
{
    RootRole *role = root_find_role (root, name);

    if (role == NULL)
        return fail (error, ERR_TRUST, "there is no role '%s'", name);
    if (role->signs == SIGNS_ROOT)
        return fail (error, ERR_TRUST, "role '%s' signs trust roots; without it there is no next",
                     name);
    g_ptr_array_remove (root->roles, role);
    *changed = TRUE;
    return TRUE;
}

static void
leave_roles (Root *root, const RootKey *key, gboolean *changed)
{
    for (guint i = 0; i < root->roles->len; i++) {
        RootRole *role = root->roles->pdata[i];

        if (!g_ptr_array_remove (role->keys, (gpointer)key))
            continue;
        *changed = TRUE;
        if (role->keys->len == 0 && role->signs == SIGNS_RECEIPT)
            g_ptr_array_remove_index (root->roles, i--);
    }
}

gboolean
root_change_retire (Root *root, const char *name, gboolean *changed, GError **error)
{
    const RootKey *key = root_find_key (root, name);

    if (key == NULL)
        return fail (error, ERR_TRUST,
                     "the trust root has no key '%s'; 'handcarry trust show' lists them", name);
    leave_roles (root, key, changed);
    return TRUE;
}

gboolean
root_change_revoke (Root *root, const PublicKey *key, const char *reason, gboolean *changed,
                    GError **error)
{
    RootKey *known = root_find_bytes (root, key);
    RootRevoked *revoked;

    while (known != NULL) {
        leave_roles (root, known, changed);
        g_ptr_array_remove (root->keys, known);
        *changed = TRUE;
        known = root_find_bytes (root, key);
    }
    if (root_find_revoked (root, key) != NULL)
        return TRUE;
    if (root->revoked->len >= LIMIT_ROOT_KEYS)
        return fail (error, ERR_TRUST, "a trust root has at most %d revoked keys", LIMIT_ROOT_KEYS);
    revoked = g_new0 (RootRevoked, 1);
    *revoked = (RootRevoked){ .key = *key, .reason = g_strdup (reason) };
    g_ptr_array_add (root->revoked, revoked);
    *changed = TRUE;
    return TRUE;
}

static void
take_roles (Root *root, const RootKey *from, RootKey *to)
{
    for (guint i = 0; i < root->roles->len; i++) {
        RootRole *role = root->roles->pdata[i];
        guint at;

        if (g_ptr_array_find (role->keys, from, &at))
            role->keys->pdata[at] = to;
    }
}

gboolean
root_change_replace (Root *root, const char *name, const PublicKey *key, const char *reason,
                     gboolean *changed, GError **error)
{
    RootKey *old = (RootKey *)root_find_key (root, name), *fresh;
    PublicKey old_bytes;
    char *aside;

    if (old == NULL)
        return fail (error, ERR_TRUST,
                     "the trust root has no key '%s'; 'handcarry trust show' lists them", name);
    if (public_key_equal (&old->key, key) && root_find_revoked (root, key) == NULL)
        return TRUE;
    aside = g_strdup_printf ("%s-r%" G_GUINT64_FORMAT, name, old->since);
    if (reason == NULL && root_find_key (root, aside) != NULL) {
        g_free (aside);
        aside = g_strdup_printf ("%s-to-r%" G_GUINT64_FORMAT, name, root->number);
    }
    g_free (old->name);
    old->name = aside;
    if (!check_new_key (root, name, key, error))
        return FALSE;
    fresh = root_add_key (root, name, key, root->number);
    take_roles (root, old, fresh);
    *changed = TRUE;
    old_bytes = old->key;
    return reason == NULL || root_change_revoke (root, &old_bytes, reason, changed, error);
}

static gboolean
fail_too_few (const Root *root, const RootRole *role, guint left, GError **error)
{
    g_autofree char *lower =
        left == 0
            ? message_printf ("take the role away with --drop-role %s", role->name)
            : message_printf ("lower what it asks for with --threshold %s=%u", role->name, left);

    if (left == 0 && role->signs == SIGNS_ROOT)
        return fail (error, ERR_TRUST,
                     "role '%s' would have no key left, and nobody could sign a trust root again: "
                     "give it another key first: handcarry trust add NAME --key FILE.pub --role %s",
                     role->name, role->name);
    return fail (
        error, ERR_TRUST,
        "role '%s' asks for %u vote%s and would have %u key%s: give it another key first "
        "(handcarry trust add NAME --key FILE.pub --role %s; or put one in the place of "
        "another: handcarry trust rotate NAME --key FILE.pub [--revoke --reason TEXT]), or %s",
        role->name, role->threshold, role->threshold == 1 ? "" : "s", left, left == 1 ? "" : "s",
        role->name, lower);
}

gboolean
root_change_check (const Root *root, GError **error)
{
    for (guint i = 0; i < root->roles->len; i++) {
        const RootRole *role = root->roles->pdata[i];
        guint left = root_count_keys (root, role);

        if (left < role->threshold)
            return fail_too_few (root, role, left, error);
    }
    return TRUE;
}
