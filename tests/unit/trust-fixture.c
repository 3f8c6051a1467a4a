/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "tests/unit/trust-fixture.h"

#include "manifest/error.h"

#include <glib/gstdio.h>
#include <string.h>

void
fixture_set_up (Fixture *f, gconstpointer data)
{
    for (guint i = 0; i < N_KEYS; i++)
        f->keys[i] = secret_key_generate (NULL);
    f->dir = g_dir_make_tmp ("trust-XXXXXX", NULL);
}

static void
remove_below (const char *path)
{
    g_autoptr (GDir) dir =
        g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open (path, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
        g_autofree char *below = g_build_filename (path, name, NULL);

        remove_below (below);
    }
    g_assert_cmpint (g_remove (path), ==, 0);
}

void
fixture_tear_down (Fixture *f, gconstpointer data)
{
    for (guint i = 0; i < N_KEYS; i++)
        secret_key_free (f->keys[i]);
    remove_below (f->dir);
    g_free (f->dir);
}

void
fixture_expect (const GError *error, ErrorCode code, const char *fragment)
{
    g_assert_error (error, HANDCARRY_ERROR, (int)code);
    if (strstr (error->message, fragment) == NULL)
        g_error ("'%s' does not hold '%s'", error->message, fragment);
}

static void
add_keys (Fixture *f, Root *root)
{
    for (guint i = 0; i < N_KEYS; i++) {
        char name[2] = { (char)('a' + i), '\0' };
        PublicKey key;

        secret_key_get_public (f->keys[i], &key);
        root_add_key (root, name, &key, 1);
    }
}

/* members: names of keys, one letter each. */
RootRole *
fixture_add_role (Root *root, const char *name, RoleSigns signs, guint threshold,
                  const char *members)
{
    RootRole *role = root_add_role (root, name, signs, threshold);

    for (; *members != '\0'; members++)
        g_ptr_array_add (role->keys, root->keys->pdata[*members - 'a']);
    return role;
}

/* Root keys as given; c signs statements and packing lists. */
Root *
fixture_make_root (Fixture *f, guint64 number, guint threshold, const char *root_keys)
{
    Root *root = root_new ();

    root->number = number;
    add_keys (f, root);
    fixture_add_role (root, "root", SIGNS_ROOT, threshold, root_keys);
    fixture_add_role (root, "release", SIGNS_STATEMENT, 1, "c");
    fixture_add_role (root, "pack", SIGNS_PACKING, 1, "c");
    return root;
}

GBytes *
fixture_vote (Fixture *f, char key, GBytes *text)
{
    g_autoptr (GError) error = NULL;
    GBytes *made = sign_bytes (f->keys[key - 'a'], text, "test", &error);

    g_assert_no_error (error);
    return made;
}

SignedRoot *
fixture_sign_root (Fixture *f, const Root *root, const char *signers)
{
    g_autoptr (GBytes) text = root_write (root);
    SignedRoot *made = signed_root_new (text);

    for (; *signers != '\0'; signers++)
        g_ptr_array_add (made->votes, fixture_vote (f, *signers, text));
    return made;
}

GPtrArray *
fixture_chain (void)
{
    return g_ptr_array_new_with_free_func ((GDestroyNotify)signed_root_free);
}

void
fixture_add_step (Fixture *f, GPtrArray *chain, guint threshold, const char *root_keys,
                  const char *signers)
{
    g_autoptr (Root) root = fixture_make_root (f, chain->len + 1, threshold, root_keys);

    g_ptr_array_add (chain, fixture_sign_root (f, root, signers));
}

TrustRoot *
fixture_prove (GPtrArray *chain)
{
    g_autoptr (GError) error = NULL;
    TrustRoot *trust = trust_prove (chain, &error);

    g_assert_no_error (error);
    return trust;
}

/* A trust root of one root made by hand. */
TrustRoot *
fixture_prove_root (Fixture *f, Root *root, const char *signers)
{
    g_autoptr (GPtrArray) chain = fixture_chain ();

    g_ptr_array_add (chain, fixture_sign_root (f, root, signers));
    return fixture_prove (chain);
}
