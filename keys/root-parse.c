/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/root.h"
#include "keys/trust.h"
#include "manifest/error.h"
#include "manifest/limits.h"
#include "manifest/path.h"
#include "manifest/yaml.h"

#include <string.h>

/* What is being read: the node, and the name for messages. */
typedef struct {
    const YamlNode *node;
    const char *name;
} Place;

static const char *const root_keys[] = { "handcarry-root", "number",  "epoch", "keys",
                                         "roles",          "revoked", NULL };
static const char *const key_keys[] = { "name", "key", "since", NULL };
static const char *const role_keys[] = { "name",     "signs", "threshold", "keys",
                                         "products", "sites", NULL };
static const char *const revoked_keys[] = { "key", "reason", NULL };

static gboolean
check_map (Place map, const char *const *known, GError **error)
{
    if (map.node->kind != YAML_NODE_MAP)
        return yaml_fail (map.node, map.name, error, "expected a map");
    for (guint i = 0; i < map.node->keys->len; i++) {
        const YamlNode *key = map.node->keys->pdata[i];
        g_autofree char *shown = error_quote (key->text);

        if (!g_strv_contains (known, key->text))
            return yaml_fail (key, map.name, error,
                              "unknown key '%s' in a trust root; a newer handcarry may know it",
                              shown);
    }
    return TRUE;
}

static const YamlNode *
find (Place map, const char *key)
{
    for (guint i = 0; i < map.node->keys->len; i++)
        if (g_str_equal (((const YamlNode *)map.node->keys->pdata[i])->text, key))
            return map.node->values->pdata[i];
    return NULL;
}

static const YamlNode *
need (Place map, const char *key, YamlKind kind, GError **error)
{
    static const char *const kinds[] = { "a single value", "a list", "a map" };
    const YamlNode *value = find (map, key);

    if (value == NULL) {
        yaml_fail (map.node, map.name, error, "'%s' is missing", key);
        return NULL;
    }
    if (value->kind != kind) {
        yaml_fail (value, map.name, error, "'%s' must be %s", key, kinds[kind]);
        return NULL;
    }
    return value;
}

static gboolean
need_number (Place map, const char *key, guint64 least, guint64 most, guint64 *out, GError **error)
{
    const YamlNode *value = need (map, key, YAML_NODE_SCALAR, error);
    g_autofree char *shown = NULL;

    if (value == NULL)
        return FALSE;
    shown = error_quote (value->text);
    if (!value->plain || (value->text[0] == '0' && value->text[1] != '\0') ||
        !g_ascii_string_to_unsigned (value->text, 10, least, most, out, NULL))
        return yaml_fail (value, map.name, error,
                          "'%s' is '%s'; expected a number from %" G_GUINT64_FORMAT
                          " to %" G_GUINT64_FORMAT,
                          key, shown, least, most);
    return TRUE;
}

/* Names of keys, roles, products and sites all follow the rule of products. */
static gboolean
check_name (Place place, GError **error)
{
    g_autoptr (GError) problem = NULL;

    if (place.node->kind != YAML_NODE_SCALAR)
        return yaml_fail (place.node, place.name, error, "expected a name");
    if (!path_check_product (place.node->text, &problem))
        return yaml_fail (place.node, place.name, error, "%s", problem->message);
    return TRUE;
}

static gboolean
need_name (Place map, const char **out, GError **error)
{
    const YamlNode *value = need (map, "name", YAML_NODE_SCALAR, error);

    if (value == NULL || !check_name ((Place){ value, map.name }, error))
        return FALSE;
    *out = value->text;
    return TRUE;
}

static gboolean
need_public_key (Place map, PublicKey *out, GError **error)
{
    const YamlNode *value = need (map, "key", YAML_NODE_SCALAR, error);
    g_autoptr (GError) problem = NULL;

    if (value == NULL)
        return FALSE;
    if (!public_key_from_base64 (value->text, map.name, out, &problem))
        return yaml_fail (value, map.name, error, "%s", problem->message);
    return TRUE;
}

typedef gboolean (*ItemFunc) (Root *root, Place item, GError **error);

static gboolean
walk_list (Root *root, Place list, guint limit, ItemFunc func, GError **error)
{
    if (list.node->values->len == 0 || list.node->values->len > limit)
        return yaml_fail (list.node, list.name, error, "%u entries; expected 1 to %u",
                          list.node->values->len, limit);
    for (guint i = 0; i < list.node->values->len; i++)
        if (!func (root, (Place){ list.node->values->pdata[i], list.name }, error))
            return FALSE;
    return TRUE;
}

/* Two keys of one id could not be told apart by the file names of their votes. */
static gboolean
check_id_is_new (const Root *root, Place place, const PublicKey *key, GError **error)
{
    for (guint i = 0; i < root->keys->len; i++) {
        const RootKey *other = root->keys->pdata[i];

        if (memcmp (other->key.id, key->id, sizeof key->id) == 0 &&
            !public_key_equal (&other->key, key))
            return yaml_fail (place.node, place.name, error,
                              "this key has the id of '%s' but is another key; make a new one",
                              other->name);
    }
    return TRUE;
}

static gboolean
parse_key (Root *root, Place item, GError **error)
{
    const char *name;
    PublicKey key;
    guint64 since = 0;

    if (!check_map (item, key_keys, error) || !need_name (item, &name, error) ||
        !need_public_key (item, &key, error) ||
        !need_number (item, "since", 1, root->number, &since, error))
        return FALSE;
    if (root_find_key (root, name) != NULL)
        return yaml_fail (item.node, item.name, error, "a second key with the name '%s'", name);
    if (!check_id_is_new (root, item, &key, error))
        return FALSE;
    root_add_key (root, name, &key, since);
    return TRUE;
}

static gboolean
need_signs (Place map, RoleSigns *out, GError **error)
{
    const YamlNode *value = need (map, "signs", YAML_NODE_SCALAR, error);
    g_autofree char *shown = NULL;

    if (value == NULL)
        return FALSE;
    if (root_signs_parse (value->text, out))
        return TRUE;
    shown = error_quote (value->text);
    return yaml_fail (value, map.name, error,
                      "'signs' is '%s'; expected root, statement, packing or receipt", shown);
}

static gboolean
parse_role_keys (Root *root, RootRole *role, Place map, GError **error)
{
    const YamlNode *list = need (map, "keys", YAML_NODE_LIST, error);

    if (list == NULL)
        return FALSE;
    for (guint i = 0; i < list->values->len; i++) {
        Place item = { list->values->pdata[i], map.name };
        const RootKey *key;

        if (!check_name (item, error))
            return FALSE;
        key = root_find_key (root, item.node->text);
        if (key == NULL)
            return yaml_fail (item.node, item.name, error, "no key has the name '%s'",
                              item.node->text);
        if (g_ptr_array_find (role->keys, key, NULL))
            return yaml_fail (item.node, item.name, error, "key '%s' is listed twice", key->name);
        g_ptr_array_add (role->keys, (gpointer)key);
    }
    return TRUE;
}

static gboolean
parse_names (Place map, const char *key, char ***out, GError **error)
{
    g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
    const YamlNode *list = find (map, key);

    if (list == NULL)
        return TRUE;
    if (list->kind != YAML_NODE_LIST || list->values->len == 0)
        return yaml_fail (list, map.name, error,
                          "'%s' must be a list of names; leave it out for all", key);
    for (guint i = 0; i < list->values->len; i++) {
        Place item = { list->values->pdata[i], map.name };

        if (!check_name (item, error))
            return FALSE;
        g_strv_builder_add (names, item.node->text);
    }
    *out = g_strv_builder_end (names);
    return TRUE;
}

/* A threshold that can not be met would lock everyone out; 0 would let everyone in. */
static gboolean
check_threshold (const Root *root, const RootRole *role, Place map, GError **error)
{
    guint usable = root_count_keys (root, role);

    if (role->threshold > usable)
        return yaml_fail (find (map, "threshold"), map.name, error,
                          "role '%s' needs %u votes and has %u different keys that are not revoked",
                          role->name, role->threshold, usable);
    return TRUE;
}

static gboolean
check_role_scope (const RootRole *role, Place map, GError **error)
{
    if (role->signs != SIGNS_STATEMENT && role->signs != SIGNS_PACKING && role->products != NULL)
        return yaml_fail (find (map, "products"), map.name, error,
                          "'products' is for roles that sign a statement or a packing list");
    if (role->signs != SIGNS_STATEMENT && role->sites != NULL)
        return yaml_fail (find (map, "sites"), map.name, error,
                          "'sites' is for roles that sign a statement");
    return TRUE;
}

static gboolean
parse_role (Root *root, Place item, GError **error)
{
    const char *name;
    RootRole *role;
    RoleSigns signs = SIGNS_ROOT;
    guint64 threshold = 0;

    if (!check_map (item, role_keys, error) || !need_name (item, &name, error) ||
        !need_signs (item, &signs, error) ||
        !need_number (item, "threshold", 1, LIMIT_VOTES, &threshold, error))
        return FALSE;
    for (guint i = 0; i < root->roles->len; i++)
        if (g_str_equal (((const RootRole *)root->roles->pdata[i])->name, name))
            return yaml_fail (item.node, item.name, error, "a second role with the name '%s'",
                              name);
    role = root_add_role (root, name, signs, (guint)threshold);
    return parse_role_keys (root, role, item, error) &&
           parse_names (item, "products", &role->products, error) &&
           parse_names (item, "sites", &role->sites, error) &&
           check_role_scope (role, item, error) && check_threshold (root, role, item, error);
}

static gboolean
parse_revoked (Root *root, Place item, GError **error)
{
    g_autofree RootRevoked *revoked = g_new0 (RootRevoked, 1);
    const YamlNode *reason;

    if (!check_map (item, revoked_keys, error) || !need_public_key (item, &revoked->key, error))
        return FALSE;
    reason = find (item, "reason");
    if (reason != NULL && reason->kind != YAML_NODE_SCALAR)
        return yaml_fail (reason, item.name, error, "'reason' must be a single value");
    revoked->reason = reason != NULL ? g_strdup (reason->text) : NULL;
    g_ptr_array_add (root->revoked, g_steal_pointer (&revoked));
    return TRUE;
}

/* Exactly one role decides about roots; a release needs someone for each of its two texts. Where
 * all that sign the statement are for certain sites, nothing can be installed anywhere else. */
static gboolean
check_roles (const Root *root, Place list, GError **error)
{
    guint count[SIGNS_RECEIPT + 1] = { 0 };

    for (guint i = 0; i < root->roles->len; i++) {
        const RootRole *role = root->roles->pdata[i];

        count[role->signs]++;
    }
    if (count[SIGNS_ROOT] != 1)
        return yaml_fail (list.node, list.name, error,
                          "%u roles sign the root; expected exactly one", count[SIGNS_ROOT]);
    for (guint i = SIGNS_STATEMENT; i <= SIGNS_PACKING; i++)
        if (count[i] == 0)
            return yaml_fail (list.node, list.name, error,
                              "no role signs the %s; nothing could be installed",
                              root_signs_name (i));
    return TRUE;
}

/* Revoked keys are read before roles: thresholds count without them. */
static gboolean
parse_body (Root *root, Place map, GError **error)
{
    const YamlNode *revoked = find (map, "revoked"), *keys, *roles;

    if (!need_number (map, "number", 1, LIMIT_ROOT_CHAIN, &root->number, error) ||
        !need_number (map, "epoch", 0, G_MAXUINT32, &root->epoch, error))
        return FALSE;
    keys = need (map, "keys", YAML_NODE_LIST, error);
    roles = keys != NULL ? need (map, "roles", YAML_NODE_LIST, error) : NULL;
    if (roles == NULL ||
        !walk_list (root, (Place){ keys, map.name }, LIMIT_ROOT_KEYS, parse_key, error))
        return FALSE;
    if (revoked != NULL && revoked->kind != YAML_NODE_LIST)
        return yaml_fail (revoked, map.name, error, "'revoked' must be a list");
    if (revoked != NULL &&
        !walk_list (root, (Place){ revoked, map.name }, LIMIT_ROOT_KEYS, parse_revoked, error))
        return FALSE;
    return walk_list (root, (Place){ roles, map.name }, LIMIT_ROOT_ROLES, parse_role, error) &&
           check_roles (root, (Place){ roles, map.name }, error);
}

Root *
root_parse (GBytes *text, const char *name, GError **error)
{
    static const char type_line[] = ROOT_TYPE_LINE "\n";
    g_autoptr (Root) root = root_new ();
    g_autoptr (YamlNode) node = NULL;
    gsize length;
    const char *data = g_bytes_get_data (text, &length);

    if (length > LIMIT_ROOT_BYTES)
        return fail_null (error, ERR_FORMAT, "'%s' is longer than %d bytes: no trust root", name,
                          LIMIT_ROOT_BYTES);
    if (length < sizeof type_line - 1 || memcmp (data, type_line, sizeof type_line - 1) != 0)
        return fail_null (error, ERR_FORMAT,
                          "'%s' is no trust root of this format: its first line must be '%s'", name,
                          ROOT_TYPE_LINE);
    node = yaml_parse (text, name, error);
    if (node == NULL || !check_map ((Place){ node, name }, root_keys, error) ||
        !parse_body (root, (Place){ node, name }, error))
        return NULL;
    return g_steal_pointer (&root);
}
