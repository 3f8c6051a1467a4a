/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/root-diff.h"

#include "manifest/error.h"
#include "manifest/message.h"

#include <string.h>

static void G_GNUC_PRINTF (3, 4) line (GString *out, const char *what, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start (args, format);
    text = message_vprintf (format, args);
    va_end (args);
    message_append (out, "  %-8s %s\n", what, text);
}

static const char *
texts_of (RoleSigns signs)
{
    static const char *const names[] = {
        [SIGNS_ROOT] = "trust roots",
        [SIGNS_STATEMENT] = N_ ("statements"),
        [SIGNS_PACKING] = "packing lists",
        [SIGNS_RECEIPT] = N_ ("receipts"),
    };

    return names[signs];
}

/* An id is eight bytes that whoever makes a key may choose (trust.md T3). */
static const RootKey *
find_other_of_id (const Root *root, const PublicKey *key)
{
    for (guint i = 0; root != NULL && i < root->keys->len; i++) {
        const RootKey *other = root->keys->pdata[i];

        /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): no key of a list is NULL */
        if (memcmp (other->key.id, key->id, sizeof key->id) == 0 &&
            !public_key_equal (&other->key, key))
            return other;
    }
    return NULL;
}

/* A key that is new here is compared by all of it, never by its id. */
static void
append_bytes (GString *out, const Root *before, const PublicKey *key)
{
    const RootKey *other = find_other_of_id (before, key);
    g_autofree char *bytes = public_key_to_base64 (key);

    line (out, "", "  %s", bytes);
    if (other != NULL)
        line (out, "", "  ATTENTION: it has the id of %s and is ANOTHER KEY", other->name);
}

static gboolean
has_role (const Root *root, const RootKey *key)
{
    for (guint i = 0; i < root->roles->len; i++)
        if (g_ptr_array_find (((const RootRole *)root->roles->pdata[i])->keys, key, NULL))
            return TRUE;
    return FALSE;
}

static void
compare_key (GString *out, const Root *before, const RootKey *old, const Root *after,
             const RootKey *key)
{
    g_autofree char *id = public_key_id (&key->key);

    if (old == NULL) {
        line (out, N_ ("key"), "+ %s (%s)", key->name, id);
        append_bytes (out, before, &key->key);
    } else if (!g_str_equal (old->name, key->name))
        line (out, N_ ("key"), "%s (%s) is called %s from now on", old->name, id, key->name);
    if (old != NULL && memcmp (old->key.id, key->key.id, sizeof key->key.id) != 0) {
        g_autofree char *old_id = public_key_id (&old->key);

        line (out, N_ ("key"),
              "%s: id %s instead of %s; votes with the old id do not count any more", key->name, id,
              old_id);
    }
    if (old != NULL && old->since != key->since)
        line (out, N_ ("key"),
              "%s (%s): since root %" G_GUINT64_FORMAT " instead of %" G_GUINT64_FORMAT, key->name,
              id, key->since, old->since);
    if (!has_role (after, key) && (old == NULL || has_role (before, old)))
        line (out, N_ ("retired"), "%s (%s): in no role any more", key->name, id);
}

static void
compare_keys (GString *out, const Root *before, const Root *after)
{
    for (guint i = 0; i < after->keys->len; i++) {
        const RootKey *key = after->keys->pdata[i];

        compare_key (out, before, root_find_bytes (before, &key->key), after, key);
    }
    for (guint i = 0; before != NULL && i < before->keys->len; i++) {
        const RootKey *old = before->keys->pdata[i];
        g_autofree char *id = public_key_id (&old->key);

        if (root_find_bytes (after, &old->key) == NULL &&
            root_find_revoked (after, &old->key) == NULL)
            line (out, N_ ("key"), "- %s (%s): not listed any more", old->name, id);
    }
}

static void
compare_revoked (GString *out, const Root *before, const Root *after)
{
    for (guint i = 0; i < after->revoked->len; i++) {
        const RootRevoked *revoked = after->revoked->pdata[i];
        const RootKey *known = root_find_bytes (before, &revoked->key);
        g_autofree char *id = public_key_id (&revoked->key);
        g_autofree char *reason = error_quote (revoked->reason != NULL ? revoked->reason : "");

        if (before == NULL || root_find_revoked (before, &revoked->key) == NULL)
            line (out, N_ ("revoked"), "%s (%s)%s%s", known != NULL ? known->name : N_ ("key"), id,
                  *reason != '\0' ? ": " : "", reason);
        if (known == NULL && (before == NULL || root_find_revoked (before, &revoked->key) == NULL))
            append_bytes (out, before, &revoked->key);
    }
    for (guint i = 0; before != NULL && i < before->revoked->len; i++) {
        const RootRevoked *revoked = before->revoked->pdata[i];
        g_autofree char *id = public_key_id (&revoked->key);

        if (root_find_revoked (after, &revoked->key) == NULL)
            line (out, N_ ("revoked"), "- %s: NOT REVOKED ANY MORE", id);
    }
}

/* none: with a blank, as no name has, so that no list of names looks like it. */
static char *
join (char **names, const char *none)
{
    if (names != NULL)
        return g_strjoinv (", ", names);
    return none != NULL ? message_printf ("%s", none) : NULL;
}

static gboolean
lists (GPtrArray *keys, const RootKey *key)
{
    for (guint i = 0; i < keys->len; i++)
        if (public_key_equal (&((const RootKey *)keys->pdata[i])->key, &key->key))
            return TRUE;
    return FALSE;
}

static void
append_members (GString *out, GPtrArray *keys, GPtrArray *without, const char *sign)
{
    for (guint i = 0; i < keys->len; i++) {
        const RootKey *key = keys->pdata[i];

        g_autofree char *id = public_key_id (&key->key);

        if (without == NULL)
            g_string_append_printf (out, "%s%s", out->len > 0 ? ", " : "", key->name);
        else if (!lists (without, key))
            message_append (out, "%s%s %s (%s)", out->len > 0 ? ", " : "", sign, key->name, id);
    }
}

static void
compare_scope (GString *out, const char *what, char **before, char **after, const char *none)
{
    g_autofree char *old = join (before, none), *new = join (after, none);

    if (!g_str_equal (old, new))
        message_append (out, "%s%s: %s instead of %s", out->len > 0 ? "; " : "", what, new, old);
}

static void
compare_role (GString *out, const RootRole *old, const RootRole *role)
{
    g_autoptr (GString) what = g_string_new (NULL);

    append_members (what, role->keys, old->keys, "+");
    append_members (what, old->keys, role->keys, "-");
    if (old->threshold != role->threshold)
        message_append (what,
                        old->threshold == 1 ? N_ ("%s%u instead of %u vote needed")
                                            : N_ ("%s%u instead of %u votes needed"),
                        what->len > 0 ? "; " : "", role->threshold, old->threshold);
    if (old->signs != role->signs)
        message_append (what, "%ssigns %s instead of %s", what->len > 0 ? "; " : "",
                        texts_of (role->signs), texts_of (old->signs));
    compare_scope (what, N_ ("products"), old->products, role->products, "all products");
    compare_scope (what, N_ ("sites"), old->sites, role->sites, "all sites");
    if (what->len > 0)
        line (out, N_ ("role"), "%s (signs %s): %s", role->name, texts_of (role->signs), what->str);
}

static void
describe_role (GString *out, const RootRole *role)
{
    g_autoptr (GString) members = g_string_new (NULL);
    g_autofree char *products = join (role->products, NULL), *sites = join (role->sites, NULL);

    append_members (members, role->keys, NULL, "");
    line (out, N_ ("role"),
          role->threshold == 1 ? N_ ("+ %s: signs %s, %u vote of %s%s%s%s%s")
                               : N_ ("+ %s: signs %s, %u votes of %s%s%s%s%s"),
          role->name, texts_of (role->signs), role->threshold, members->str,
          products != NULL ? "; products " : "", products != NULL ? products : "",
          sites != NULL ? "; sites " : "", sites != NULL ? sites : "");
}

static void
compare_roles (GString *out, const Root *before, const Root *after)
{
    for (guint i = 0; i < after->roles->len; i++) {
        const RootRole *role = after->roles->pdata[i];
        const RootRole *old = before != NULL ? root_find_role (before, role->name) : NULL;

        if (old != NULL)
            compare_role (out, old, role);
        else
            describe_role (out, role);
    }
    for (guint i = 0; before != NULL && i < before->roles->len; i++) {
        const RootRole *old = before->roles->pdata[i];

        if (root_find_role (after, old->name) == NULL)
            line (out, N_ ("role"), "- %s: signed %s; its votes are not asked for any more",
                  old->name, texts_of (old->signs));
    }
}

/* The order of things, why a key was revoked: nothing that decides, but not nothing. */
static gboolean
says_the_same (const Root *before, const Root *after)
{
    Root same = *after;
    g_autoptr (GBytes) old = NULL, new = NULL;

    if (before == NULL)
        return FALSE;
    same.number = before->number;
    old = root_write (before);
    new = root_write (&same);
    return g_bytes_equal (old, new);
}

char *
root_diff_to_text (const Root *before, const Root *after)
{
    GString *out = g_string_new (NULL);
    guint64 epoch = before != NULL ? before->epoch : 0;

    compare_keys (out, before, after);
    compare_roles (out, before, after);
    compare_revoked (out, before, after);
    if (epoch != after->epoch)
        line (out, N_ ("epoch"),
              "%" G_GUINT64_FORMAT " instead of %" G_GUINT64_FORMAT
              ": hosts forget which release numbers they had",
              after->epoch, epoch);
    if (out->len == 0 && says_the_same (before, after))
        line (out, N_ ("nothing"), "but the number");
    else if (out->len == 0)
        line (out, N_ ("nothing"), "but the number, and an order of names or a reason");
    return g_string_free (out, FALSE);
}
