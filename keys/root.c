/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/root.h"

#include "keys/trust.h"
#include "manifest/message.h"
#include "manifest/yaml.h"

static const char *const signs_names[] = {
    [SIGNS_ROOT] = N_ ("root"),
    [SIGNS_STATEMENT] = N_ ("statement"),
    [SIGNS_PACKING] = N_ ("packing"),
    [SIGNS_RECEIPT] = N_ ("receipt"),
};

const char *
root_signs_name (RoleSigns signs)
{
    return signs_names[signs];
}

gboolean
root_signs_parse (const char *name, RoleSigns *out)
{
    for (guint i = SIGNS_ROOT; i <= SIGNS_RECEIPT; i++)
        if (g_str_equal (name, signs_names[i])) {
            *out = i;
            return TRUE;
        }
    return FALSE;
}

static void
key_free (gpointer data)
{
    RootKey *key = data;

    g_free (key->name);
    g_free (key);
}

static void
role_free (gpointer data)
{
    RootRole *role = data;

    g_free (role->name);
    g_ptr_array_unref (role->keys);
    g_strfreev (role->products);
    g_strfreev (role->sites);
    g_free (role);
}

static void
revoked_free (gpointer data)
{
    RootRevoked *revoked = data;

    g_free (revoked->reason);
    g_free (revoked);
}

Root *
root_new (void)
{
    Root *root = g_new0 (Root, 1);

    root->keys = g_ptr_array_new_with_free_func (key_free);
    root->roles = g_ptr_array_new_with_free_func (role_free);
    root->revoked = g_ptr_array_new_with_free_func (revoked_free);
    return root;
}

void
root_free (Root *root)
{
    if (root == NULL)
        return;
    g_ptr_array_unref (root->roles);
    g_ptr_array_unref (root->keys);
    g_ptr_array_unref (root->revoked);
    g_free (root);
}

RootKey *
root_add_key (Root *root, const char *name, const PublicKey *key, guint64 since)
{
    RootKey *added = g_new0 (RootKey, 1);

    *added = (RootKey){ .name = g_strdup (name), .key = *key, .since = since };
    g_ptr_array_add (root->keys, added);
    return added;
}

RootRole *
root_add_role (Root *root, const char *name, RoleSigns signs, guint threshold)
{
    RootRole *role = g_new0 (RootRole, 1);

    *role = (RootRole){ .name = g_strdup (name), .signs = signs, .threshold = threshold };
    role->keys = g_ptr_array_new ();
    g_ptr_array_add (root->roles, role);
    return role;
}

const RootKey *
root_find_key (const Root *root, const char *name)
{
    for (guint i = 0; i < root->keys->len; i++) {
        const RootKey *key = root->keys->pdata[i];

        if (g_str_equal (key->name, name))
            return key;
    }
    return NULL;
}

RootRole *
root_find_role (const Root *root, const char *name)
{
    for (guint i = 0; i < root->roles->len; i++) {
        RootRole *role = root->roles->pdata[i];

        if (g_str_equal (role->name, name))
            return role;
    }
    return NULL;
}

RootRole *
root_find_signing (const Root *root, RoleSigns signs)
{
    for (guint i = 0; i < root->roles->len; i++) {
        RootRole *role = root->roles->pdata[i];

        if (role->signs == signs)
            return role;
    }
    return NULL;
}

RootKey *
root_find_bytes (const Root *root, const PublicKey *key)
{
    for (guint i = 0; root != NULL && i < root->keys->len; i++) {
        RootKey *other = root->keys->pdata[i];

        if (public_key_equal (&other->key, key))
            return other;
    }
    return NULL;
}

const RootRevoked *
root_find_revoked (const Root *root, const PublicKey *key)
{
    for (guint i = 0; i < root->revoked->len; i++) {
        const RootRevoked *revoked = root->revoked->pdata[i];

        if (public_key_equal (&revoked->key, key))
            return revoked;
    }
    return NULL;
}

static gboolean
is_first_of_its_bytes (const GPtrArray *keys, guint at)
{
    const RootKey *key = keys->pdata[at];

    for (guint i = 0; i < at; i++) {
        const RootKey *earlier = keys->pdata[i];

        if (public_key_equal (&earlier->key, &key->key))
            return FALSE;
    }
    return TRUE;
}

guint
root_count_keys (const Root *root, const RootRole *role)
{
    guint count = 0;

    for (guint i = 0; i < role->keys->len; i++) {
        const RootKey *key = role->keys->pdata[i];

        if (is_first_of_its_bytes (role->keys, i) && root_find_revoked (root, &key->key) == NULL)
            count++;
    }
    return count;
}

static void
write_key (YamlWriter *writer, const RootKey *key)
{
    g_autofree char *text = public_key_to_base64 (&key->key);

    yaml_writer_begin_map (writer);
    yaml_writer_key (writer, "name");
    yaml_writer_text (writer, key->name);
    yaml_writer_key (writer, "key");
    yaml_writer_text (writer, text);
    yaml_writer_key (writer, "since");
    yaml_writer_number (writer, key->since);
    yaml_writer_end_map (writer);
}

static void
write_strings (YamlWriter *writer, const char *key, char **strings)
{
    if (strings == NULL)
        return;
    yaml_writer_key (writer, key);
    yaml_writer_begin_list (writer);
    for (char **string = strings; *string != NULL; string++)
        yaml_writer_text (writer, *string);
    yaml_writer_end_list (writer);
}

static void
write_role (YamlWriter *writer, const RootRole *role)
{
    yaml_writer_begin_map (writer);
    yaml_writer_key (writer, "name");
    yaml_writer_text (writer, role->name);
    yaml_writer_key (writer, "signs");
    yaml_writer_text (writer, root_signs_name (role->signs));
    yaml_writer_key (writer, "threshold");
    yaml_writer_number (writer, role->threshold);
    yaml_writer_key (writer, "keys");
    yaml_writer_begin_list (writer);
    for (guint i = 0; i < role->keys->len; i++)
        yaml_writer_text (writer, ((const RootKey *)role->keys->pdata[i])->name);
    yaml_writer_end_list (writer);
    write_strings (writer, "products", role->products);
    write_strings (writer, "sites", role->sites);
    yaml_writer_end_map (writer);
}

static void
write_revoked (YamlWriter *writer, const RootRevoked *revoked)
{
    g_autofree char *text = public_key_to_base64 (&revoked->key);

    yaml_writer_begin_map (writer);
    yaml_writer_key (writer, "key");
    yaml_writer_text (writer, text);
    if (revoked->reason != NULL) {
        yaml_writer_key (writer, "reason");
        yaml_writer_text (writer, revoked->reason);
    }
    yaml_writer_end_map (writer);
}

GBytes *
root_write (const Root *root)
{
    YamlWriter *writer = yaml_writer_new (ROOT_TYPE_LINE);

    yaml_writer_key (writer, "number");
    yaml_writer_number (writer, root->number);
    yaml_writer_key (writer, "epoch");
    yaml_writer_number (writer, root->epoch);
    yaml_writer_key (writer, "keys");
    yaml_writer_begin_list (writer);
    for (guint i = 0; i < root->keys->len; i++)
        write_key (writer, root->keys->pdata[i]);
    yaml_writer_end_list (writer);
    yaml_writer_key (writer, "roles");
    yaml_writer_begin_list (writer);
    for (guint i = 0; i < root->roles->len; i++)
        write_role (writer, root->roles->pdata[i]);
    yaml_writer_end_list (writer);
    if (root->revoked->len > 0) {
        yaml_writer_key (writer, "revoked");
        yaml_writer_begin_list (writer);
        for (guint i = 0; i < root->revoked->len; i++)
            write_revoked (writer, root->revoked->pdata[i]);
        yaml_writer_end_list (writer);
    }
    return yaml_writer_finish (writer);
}
