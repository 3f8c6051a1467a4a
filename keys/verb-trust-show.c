/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/host.h"
#include "install/records.h"
#include "keys/fingerprint.h"
#include "keys/root.h"
#include "keys/trust-folder.h"
#include "keys/verb-trust.h"
#include "manifest/error.h"

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

char *
verb_trust_host_folder (const char *root)
{
    return g_build_filename (root != NULL ? root : "/", "etc/handcarry/trust", NULL);
}

gboolean
verb_trust_begin_state (const char *trust, const char *root, GError **error)
{
    g_autofree char *usual = verb_trust_host_folder (root);
    g_autofree char *host = g_canonicalize_filename (usual, NULL);
    g_autofree char *given = g_canonicalize_filename (trust, NULL);
    g_autofree char *state = g_build_filename (root != NULL ? root : "/", HOST_STATE_FOLDER, NULL);

    return strcmp (host, given) != 0 || records_create (state, error);
}

/* Beside release.yaml on the connected side, else the host's. */
static char *
choose_folder (const char *given, const char *root)
{
    if (given != NULL)
        return g_strdup (given);
    if (root == NULL && access ("release.yaml", F_OK) == 0 && trust_folder_has_root ("trust"))
        return g_strdup ("trust");
    return verb_trust_host_folder (root);
}

static char *
join_keys (const Root *root, const RootRole *role)
{
    GString *text = g_string_new (NULL);

    for (guint i = 0; i < role->keys->len; i++) {
        const RootKey *key = role->keys->pdata[i];

        g_string_append_printf (text, "%s%s%s", i > 0 ? ", " : "", key->name,
                                root_find_revoked (root, &key->key) != NULL ? " (revoked)" : "");
    }
    return g_string_free (text, FALSE);
}

static void
print_scope (const VerbOutput *output, const char *what, char **names)
{
    g_autofree char *joined = names != NULL ? g_strjoinv (", ", names) : NULL;

    if (joined != NULL)
        verb_print (output, "%32s%s: %s\n", "", what, joined);
}

static void
print_roles (const VerbOutput *output, const Root *root)
{
    verb_print (output, "\n  %-14s %-10s %-5s keys\n", "role", "signs", "votes");
    for (guint i = 0; i < root->roles->len; i++) {
        const RootRole *role = root->roles->pdata[i];
        g_autofree char *keys = join_keys (root, role);

        verb_print (output, "  %-14s %-10s %-5u %s\n", role->name, root_signs_name (role->signs),
                    role->threshold, keys);
        print_scope (output, "products", role->products);
        print_scope (output, "sites", role->sites);
    }
}

static void
print_keys (const VerbOutput *output, const Root *root)
{
    verb_print (output, "\n  %-14s %-18s since root\n", "key", "id");
    for (guint i = 0; i < root->keys->len; i++) {
        const RootKey *key = root->keys->pdata[i];
        g_autofree char *id = public_key_id (&key->key);

        verb_print (output, "  %-14s %-18s %" G_GUINT64_FORMAT "\n", key->name, id, key->since);
    }
    for (guint i = 0; i < root->revoked->len; i++) {
        const RootRevoked *revoked = root->revoked->pdata[i];
        g_autofree char *id = public_key_id (&revoked->key);
        g_autofree char *reason = error_quote (revoked->reason != NULL ? revoked->reason : "");

        verb_print (output, "  %-14s %-18s %s\n", "revoked", id, reason);
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
    print_keys (output, trust_values (trust));
}

static void
add_number (JsonBuilder *json, const char *name, guint64 value)
{
    json_builder_set_member_name (json, name);
    json_builder_add_int_value (json, (gint64)value);
}

static void
add_text (JsonBuilder *json, const char *name, const char *value)
{
    json_builder_set_member_name (json, name);
    json_builder_add_string_value (json, value);
}

static void
add_names (JsonBuilder *json, const char *name, char **values)
{
    if (values == NULL)
        return;
    json_builder_set_member_name (json, name);
    json_builder_begin_array (json);
    for (; *values != NULL; values++)
        json_builder_add_string_value (json, *values);
    json_builder_end_array (json);
}

static void
add_role (JsonBuilder *json, const RootRole *role)
{
    json_builder_begin_object (json);
    add_text (json, "name", role->name);
    add_text (json, "signs", root_signs_name (role->signs));
    add_number (json, "threshold", role->threshold);
    json_builder_set_member_name (json, "keys");
    json_builder_begin_array (json);
    for (guint i = 0; i < role->keys->len; i++)
        json_builder_add_string_value (json, ((const RootKey *)role->keys->pdata[i])->name);
    json_builder_end_array (json);
    add_names (json, "products", role->products);
    add_names (json, "sites", role->sites);
    json_builder_end_object (json);
}

static void
add_key (JsonBuilder *json, const char *name, const PublicKey *key, const Root *root)
{
    g_autofree char *id = public_key_id (key);
    g_autofree char *line = public_key_to_base64 (key);

    json_builder_begin_object (json);
    if (name != NULL)
        add_text (json, "name", name);
    add_text (json, "id", id);
    add_text (json, "key", line);
    json_builder_set_member_name (json, "revoked");
    json_builder_add_boolean_value (json, root_find_revoked (root, key) != NULL);
    json_builder_end_object (json);
}

static void
add_lists (JsonBuilder *json, const Root *root)
{
    json_builder_set_member_name (json, "roles");
    json_builder_begin_array (json);
    for (guint i = 0; i < root->roles->len; i++)
        add_role (json, root->roles->pdata[i]);
    json_builder_end_array (json);
    json_builder_set_member_name (json, "keys");
    json_builder_begin_array (json);
    for (guint i = 0; i < root->keys->len; i++) {
        const RootKey *key = root->keys->pdata[i];

        add_key (json, key->name, &key->key, root);
    }
    json_builder_end_array (json);
    json_builder_set_member_name (json, "revoked");
    json_builder_begin_array (json);
    for (guint i = 0; i < root->revoked->len; i++)
        add_key (json, NULL, &((const RootRevoked *)root->revoked->pdata[i])->key, root);
    json_builder_end_array (json);
}

static void
print_json (const TrustRoot *trust, const char *folder)
{
    g_autoptr (JsonBuilder) json = json_builder_new ();
    Digest digest = trust_fingerprint (trust);
    g_autofree char *hex = digest_to_hex (&digest), *text = NULL;
    JsonNode *node;

    json_builder_begin_object (json);
    add_text (json, "schema", "handcarry/trust-show/1");
    add_text (json, "folder", folder);
    add_number (json, "number", trust_number (trust));
    add_number (json, "epoch", trust_epoch (trust));
    add_text (json, "fingerprint", hex);
    add_lists (json, trust_values (trust));
    json_builder_end_object (json);
    node = json_builder_get_root (json);
    text = json_to_string (node, TRUE);
    json_node_unref (node);
    printf ("%s\n", text);
}

int
verb_trust_show (int argc, char **argv, GError **error)
{
    g_autofree char *given = NULL, *root = NULL, *folder = NULL;
    g_autoptr (TrustRoot) trust = NULL;
    VerbOutput output = { 0 };
    const GOptionEntry entries[] = {
        { "trust", 0, 0, G_OPTION_ARG_FILENAME, &given,
          "the trust folder; default: trust/ beside release.yaml, else the host's", "DIR" },
        { "root", 0, 0, G_OPTION_ARG_FILENAME, &root, "the host's files lie below DIR", "DIR" },
        { NULL },
    };

    if (!verb_parse (&argc, &argv, "", "Shows the newest trust root after proving its chain.",
                     entries, &output, TRUE, error))
        return ERR_USAGE;
    if (argc != 1)
        return fail (error, ERR_USAGE,
                     "trust show takes no argument; a folder is named by --trust"),
               ERR_USAGE;
    folder = choose_folder (given, root);
    trust = trust_load (folder, error);
    if (trust == NULL)
        return error_exit_status (*error);
    if (output.json) {
        print_json (trust, folder);
        return 0;
    }
    verb_print (&output, "%s: ", folder);
    verb_trust_print (&output, trust);
    return 0;
}
