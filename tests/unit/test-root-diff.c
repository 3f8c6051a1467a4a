/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/root-diff.h"
#include "keys/root-change.h"
#include "tests/unit/trust-fixture.h"

#include <string.h>

/* Root 2 as fixture_make_root makes it, and one change; what the signer must then see. */
typedef void (*Change) (Fixture *f, Root *root);

static void
add_role (Fixture *f, Root *root)
{
    char *sites[] = { "plant-a", NULL };
    const RoleChange role = {
        .name = "site", .has_signs = TRUE, .signs = SIGNS_STATEMENT, .sites = sites, .key = "d"
    };
    gboolean changed = FALSE;

    g_assert_true (root_change_role (root, &role, &changed, NULL) && changed);
}

static void
retire (Fixture *f, Root *root)
{
    gboolean changed = FALSE;

    g_assert_true (root_change_retire (root, "b", &changed, NULL) && changed);
}

static void
revoke_key (Fixture *f, Root *root)
{
    gboolean changed = FALSE;
    PublicKey key;

    secret_key_get_public (f->keys[1], &key);
    g_assert_true (root_change_revoke (root, &key, "lo\x1bst", &changed, NULL) && changed);
}

static void
unlist (Fixture *f, Root *root)
{
    g_ptr_array_remove_index (root->keys, 5);
}

static void
rename_key (Fixture *f, Root *root)
{
    RootKey *key = root->keys->pdata[4];

    g_free (key->name);
    key->name = g_strdup ("eve");
}

static void
backdate (Fixture *f, Root *root)
{
    ((RootKey *)root->keys->pdata[4])->since = 2;
}

static void
lower (Fixture *f, Root *root)
{
    root_find_role (root, "root")->threshold = 1;
}

static void
limit (Fixture *f, Root *root)
{
    root_find_role (root, "release")->products = g_strsplit ("demo,other", ",", -1);
}

static void
turn (Fixture *f, Root *root)
{
    root_find_role (root, "pack")->signs = SIGNS_STATEMENT;
}

static void
drop (Fixture *f, Root *root)
{
    gboolean changed = FALSE;

    g_assert_true (root_change_drop_role (root, "pack", &changed, NULL) && changed);
}

static void
raise_epoch (Fixture *f, Root *root)
{
    root->epoch = 3;
}

static void
nothing (Fixture *f, Root *root)
{
}

/* Every value of a root that decides anything is in what is shown before a password is typed. */
static void
test_every_change_is_shown (Fixture *f, gconstpointer data)
{
    static const struct {
        Change change;
        const char *shown;
    } cases[] = {
        { add_role, "role     + site: signs statements, 1 vote of d; sites plant-a\n" },
        { retire, "in no role any more\n" },
        { retire, "role     root (signs trust roots): - b (" },
        { revoke_key, "revoked  b (" },
        { revoke_key, "): lo\\x1bst\n" },
        { unlist, "key      - f (" },
        { rename_key, ") is called eve from now on\n" },
        { backdate, "): since root 2 instead of 1\n" },
        { lower, "role     root (signs trust roots): 1 instead of 2 votes needed\n" },
        { limit,
          "role     release (signs statements): products: demo, other instead of all products\n" },
        { turn, "signs statements instead of packing lists\n" },
        { drop, "role     - pack: signed packing lists; its votes are not asked for any more\n" },
        { raise_epoch, "epoch    3 instead of 0: " },
        { nothing, "nothing  but the number\n" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autoptr (Root) before = fixture_make_root (f, 1, 2, "ab");
        g_autoptr (Root) after = fixture_make_root (f, 2, 2, "ab");
        g_autofree char *shown = NULL;

        cases[i].change (f, after);
        shown = root_diff_to_text (before, after);
        if (strstr (shown, cases[i].shown) == NULL)
            g_error ("'%s' is not in '%s'", cases[i].shown, shown);
        g_assert_cmpint (strcmp (shown, "  nothing  but the number\n") == 0, ==,
                         cases[i].change == nothing);
    }
}

static void
test_a_key_that_counts_again_is_shown (Fixture *f, gconstpointer data)
{
    g_autoptr (Root) before = fixture_make_root (f, 1, 1, "ab");
    g_autoptr (Root) after = fixture_make_root (f, 2, 1, "ab");
    g_autofree char *shown = NULL;

    revoke_key (f, before);
    shown = root_diff_to_text (before, after);
    g_assert_nonnull (strstr (shown, "NOT REVOKED ANY MORE\n"));
    g_assert_nonnull (strstr (shown, "key      + b ("));
}

static void
test_of_a_first_root_everything_is_new (Fixture *f, gconstpointer data)
{
    g_autoptr (Root) first = fixture_make_root (f, 1, 2, "ab");
    g_autofree char *shown = root_diff_to_text (NULL, first);

    g_assert_nonnull (strstr (shown, "role     + root: signs trust roots, 2 votes of a, b\n"));
    g_assert_nonnull (strstr (shown, "key      + f ("));
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                                            \
    g_test_add ("/root-diff/" name, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
    ADD ("every-change", test_every_change_is_shown);
    ADD ("counts-again", test_a_key_that_counts_again_is_shown);
    ADD ("first", test_of_a_first_root_everything_is_new);
    return g_test_run ();
}
