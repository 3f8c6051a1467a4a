/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/trust-new.h"

#include "keys/key-files.h"
#include "keys/root.h"

#include <unistd.h>

typedef enum { KEY_ROOT, KEY_SPARE, KEY_RELEASE, N_KEYS } KeyIndex;

static const char *const key_names[N_KEYS] = { "root", "root-spare", "release" };

struct NewTrust {
    SecretKey *keys[N_KEYS];
    gboolean secret_written[N_KEYS], public_written[N_KEYS];
};

NewTrust *
new_trust_make (GError **error)
{
    g_autoptr (NewTrust) fresh = g_new0 (NewTrust, 1);

    for (guint i = 0; i < N_KEYS; i++) {
        fresh->keys[i] = secret_key_generate (error);
        if (fresh->keys[i] == NULL)
            return NULL;
    }
    return g_steal_pointer (&fresh);
}

void
new_trust_free (NewTrust *fresh)
{
    if (fresh == NULL)
        return;
    for (guint i = 0; i < N_KEYS; i++)
        secret_key_free (fresh->keys[i]);
    g_free (fresh);
}

static void
add_release_role (Root *root, const char *name, RoleSigns signs, char **products)
{
    RootRole *role = root_add_role (root, name, signs, 1);

    g_ptr_array_add (role->keys, root->keys->pdata[KEY_RELEASE]);
    role->products = g_strdupv (products);
}

static Root *
make_root (const NewTrust *fresh, char **products)
{
    Root *root = root_new ();
    RootRole *role;

    root->number = 1;
    for (guint i = 0; i < N_KEYS; i++) {
        PublicKey key;

        secret_key_get_public (fresh->keys[i], &key);
        root_add_key (root, key_names[i], &key, 1);
    }
    role = root_add_role (root, "root", SIGNS_ROOT, 1);
    g_ptr_array_add (role->keys, root->keys->pdata[KEY_ROOT]);
    g_ptr_array_add (role->keys, root->keys->pdata[KEY_SPARE]);
    add_release_role (root, "release", SIGNS_STATEMENT, products);
    add_release_role (root, "pack", SIGNS_PACKING, products);
    return root;
}

TrustRoot *
new_trust_sign (const NewTrust *fresh, char **products, GError **error)
{
    g_autoptr (Root) root = make_root (fresh, products);
    g_autoptr (GBytes) text = root_write (root);
    g_autoptr (GPtrArray) chain = g_ptr_array_new_with_free_func ((GDestroyNotify)signed_root_free);
    Digest digest = digest_of_bytes (text);
    g_autofree char *shown = digest_to_text (&digest);
    g_autofree char *comment = g_strdup_printf ("handcarry root 1 %s", shown);
    SignedRoot *first = signed_root_new (text);
    GBytes *vote = sign_bytes (fresh->keys[KEY_ROOT], text, comment, error);

    g_ptr_array_add (chain, first);
    if (vote == NULL)
        return NULL;
    g_ptr_array_add (first->votes, vote);
    return trust_prove (chain, error);
}

gboolean
new_trust_check_absent (const NewTrustPlaces *places, GError **error)
{
    for (guint i = 0; i < N_KEYS; i++)
        if (!key_files_check_absent (places->secrets_fd, key_names[i], ".key", error) ||
            !key_files_check_absent (places->trust_fd, key_names[i], ".pub", error))
            return FALSE;
    return TRUE;
}

gboolean
new_trust_write (NewTrust *fresh, const NewTrustPlaces *places, guint64 *memory, GError **error)
{
    guint64 least = G_MAXUINT64;

    for (guint i = 0; i < N_KEYS; i++) {
        const char *password = i == KEY_RELEASE ? places->release_password : places->root_password;
        guint64 used = 0;

        fresh->secret_written[i] = key_files_write_secret (places->secrets_fd, key_names[i],
                                                           fresh->keys[i], password, &used, error);
        fresh->public_written[i] =
            fresh->secret_written[i] &&
            key_files_write_public (places->trust_fd, key_names[i], fresh->keys[i], error);
        if (!fresh->public_written[i])
            return FALSE;
        if (used != 0)
            least = MIN (least, used);
    }
    *memory = least == G_MAXUINT64 ? 0 : least;
    return TRUE;
}

void
new_trust_take_back (const NewTrust *fresh, const NewTrustPlaces *places)
{
    for (guint i = 0; i < N_KEYS; i++) {
        g_autofree char *secret = g_strconcat (key_names[i], ".key", NULL);
        g_autofree char *public_key = g_strconcat (key_names[i], ".pub", NULL);

        if (fresh->secret_written[i])
            unlinkat (places->secrets_fd, secret, 0);
        if (fresh->public_written[i])
            unlinkat (places->trust_fd, public_key, 0);
    }
}
