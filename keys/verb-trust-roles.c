/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/root-change.h"
#include "keys/verb-trust-change.h"
#include "manifest/error.h"
#include "manifest/limits.h"
#include "manifest/path.h"

#include <string.h>

#define REASON_BYTES 200

gboolean
trust_change_check_names (const char *option, char **names, GError **error)
{
    for (; names != NULL && *names != NULL; names++) {
        g_autoptr (GError) problem = NULL;

        if (!path_check_product (*names, &problem))
            return fail (error, ERR_USAGE, "%s: %s", option, problem->message);
    }
    return TRUE;
}

gboolean
trust_change_parse_threshold (const char *text, char **role, guint *threshold, GError **error)
{
    const char *equals = strchr (text, '='), *digits = equals != NULL ? equals + 1 : text;
    g_autofree char *shown = error_quote (text);
    guint64 value;

    if (!g_ascii_string_to_unsigned (digits, 10, 1, LIMIT_VOTES, &value, NULL))
        return fail (error, ERR_USAGE,
                     "--threshold is '%s'; expected a number from 1 to %d, or ROLE=NUMBER", shown,
                     LIMIT_VOTES);
    *role = equals != NULL ? g_strndup (text, (gsize)(equals - text)) : NULL;
    *threshold = (guint)value;
    return TRUE;
}

GPtrArray *
trust_change_roles_of (const Root *root, const RootKey *key)
{
    GPtrArray *names = g_ptr_array_new_with_free_func (g_free);

    for (guint i = 0; key != NULL && i < root->roles->len; i++) {
        const RootRole *role = root->roles->pdata[i];

        if (g_ptr_array_find (role->keys, key, NULL))
            g_ptr_array_add (names, g_strdup (role->name));
    }
    return names;
}

void
trust_change_roles_clear (TrustChangeRoles *roles)
{
    g_strfreev (roles->thresholds);
    g_strfreev (roles->drop_roles);
}

static gboolean
apply_threshold (Root *root, const char *text, GPtrArray *left, gboolean *changed, GError **error)
{
    g_autofree char *role = NULL;
    guint threshold;

    if (!trust_change_parse_threshold (text, &role, &threshold, error))
        return FALSE;
    if (role == NULL && left->len != 1)
        return fail (error, ERR_USAGE,
                     "--threshold %u: the key is in %u roles; say which one: --threshold ROLE=%u",
                     threshold, left->len, threshold);
    return root_change_threshold (root, role != NULL ? role : left->pdata[0], threshold, changed,
                                  error);
}

gboolean
trust_change_apply_roles (Root *root, const TrustChangeRoles *roles, GPtrArray *left,
                          gboolean *changed, GError **error)
{
    for (char **name = roles->drop_roles; name != NULL && *name != NULL; name++)
        if (!root_change_drop_role (root, *name, changed, error))
            return FALSE;
    for (char **text = roles->thresholds; text != NULL && *text != NULL; text++)
        if (!apply_threshold (root, *text, left, changed, error))
            return FALSE;
    return TRUE;
}

void
trust_change_raise_epoch (Proposal *proposal, gboolean *changed)
{
    if (proposal->trust == NULL || proposal->root->epoch > trust_epoch (proposal->trust))
        return;
    proposal->root->epoch = trust_epoch (proposal->trust) + 1;
    *changed = TRUE;
}

gboolean
trust_change_check_reason (const char *reason, GError **error)
{
    const char *at = reason;

    if (!g_utf8_validate (reason, -1, NULL) || strlen (reason) > REASON_BYTES)
        return fail (error, ERR_USAGE, "--reason is UTF-8 text of at most %d bytes", REASON_BYTES);
    for (; *at != '\0'; at = g_utf8_next_char (at))
        if (!g_unichar_isprint (g_utf8_get_char (at)))
            return fail (error, ERR_USAGE, "--reason is one line, without control characters");
    return at != reason || fail (error, ERR_USAGE, "--reason is empty");
}
