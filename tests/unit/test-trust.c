/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/trust-folder.h"
#include "manifest/file.h"
#include "tests/unit/trust-fixture.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void
test_020_a_root_needs_old_and_new_keys (Fixture *f, gconstpointer data)
{
    static const struct {
        const char *signers, *message;
    } cases[] = {
        { "b", "keys of root 1: " },
        { "a", "keys of root 2 itself: " },
        { "", "keys of root 1: " },
        { "aaaa", "keys of root 2 itself: " },
        { "ab", NULL },
        { "ba", NULL },
        { "fab", NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autoptr (GPtrArray) chain = fixture_chain (), first = fixture_chain ();
        g_autoptr (TrustRoot) stored = NULL, walked = NULL;
        g_autoptr (GError) error = NULL;

        fixture_add_step (f, first, 1, "a", "a");
        stored = fixture_prove (first);
        fixture_add_step (f, chain, 1, "a", "a");
        fixture_add_step (f, chain, 1, "b", cases[i].signers);
        walked = trust_walk (stored, chain, &error);
        if (cases[i].message != NULL)
            fixture_expect (error, ERR_TRUST, cases[i].message);
        else
            g_assert_cmpuint (trust_number (walked), ==, 2);
        g_assert_cmpuint (trust_number (stored), ==, 1);
    }
}

static void
test_020_both_thresholds_count_different_keys (Fixture *f, gconstpointer data)
{
    g_autoptr (GPtrArray) chain = fixture_chain (), good = fixture_chain ();
    g_autoptr (TrustRoot) trust = NULL;
    g_autoptr (GError) error = NULL;

    fixture_add_step (f, chain, 2, "abd", "ab");
    fixture_add_step (f, chain, 2, "bde", "be");
    g_assert_null (trust_prove (chain, &error));
    fixture_expect (error, ERR_TRUST, "keys of root 1: the trust root 2 has 1 of the 2 votes");
    fixture_add_step (f, good, 2, "abd", "ab");
    fixture_add_step (f, good, 2, "bde", "abe");
    trust = fixture_prove (good);
    g_assert_cmpuint (((SignedRoot *)trust_chain (trust)->pdata[1])->votes->len, ==, 3);
}

static void
test_019_023_number_must_follow (Fixture *f, gconstpointer data)
{
    static const guint64 numbers[] = { 1, 3, 256 };

    for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++) {
        g_autoptr (GPtrArray) chain = fixture_chain ();
        g_autoptr (Root) root = fixture_make_root (f, numbers[i], 1, "a");
        g_autoptr (GError) error = NULL;

        fixture_add_step (f, chain, 1, "a", "a");
        g_ptr_array_add (chain, fixture_sign_root (f, root, "a"));
        g_assert_null (trust_prove (chain, &error));
        fixture_expect (error, ERR_TRUST, "the root in place 2 of the chain calls itself number");
    }
}

static void
test_022_a_fork_is_refused (Fixture *f, gconstpointer data)
{
    g_autoptr (GPtrArray) first = fixture_chain (), fork = fixture_chain ();
    g_autoptr (TrustRoot) stored = NULL;
    g_autoptr (GError) error = NULL;

    fixture_add_step (f, first, 1, "ab", "a");
    fixture_add_step (f, first, 1, "ab", "a");
    stored = fixture_prove (first);
    fixture_add_step (f, fork, 1, "ab", "a");
    fixture_add_step (f, fork, 1, "abd", "a");
    g_assert_null (trust_walk (stored, fork, &error));
    fixture_expect (error, ERR_TRUST, "two different roots with the number 2");
}

static void
test_a_shorter_or_equal_chain_changes_nothing (Fixture *f, gconstpointer data)
{
    g_autoptr (GPtrArray) two = fixture_chain (), one = fixture_chain (), none = fixture_chain ();
    g_autoptr (TrustRoot) stored = NULL;
    GPtrArray *carried[] = { two, one, none };

    fixture_add_step (f, two, 1, "a", "a");
    fixture_add_step (f, two, 1, "a", "a");
    fixture_add_step (f, one, 1, "a", "a");
    stored = fixture_prove (two);
    for (gsize i = 0; i < G_N_ELEMENTS (carried); i++) {
        g_autoptr (GError) error = NULL;
        g_autoptr (TrustRoot) walked = trust_walk (stored, carried[i], &error);

        g_assert_no_error (error);
        g_assert_cmpuint (trust_number (walked), ==, 2);
    }
}

static void
test_epoch_never_falls (Fixture *f, gconstpointer data)
{
    g_autoptr (GPtrArray) chain = fixture_chain ();
    g_autoptr (Root) first = fixture_make_root (f, 1, 1, "a"),
                     second = fixture_make_root (f, 2, 1, "a");
    g_autoptr (GError) error = NULL;

    first->epoch = 2;
    second->epoch = 1;
    g_ptr_array_add (chain, fixture_sign_root (f, first, "a"));
    g_ptr_array_add (chain, fixture_sign_root (f, second, "a"));
    g_assert_null (trust_prove (chain, &error));
    fixture_expect (error, ERR_TRUST, "lowers the epoch from 2 to 1");
}

/* Bytes that no key of root 1 accepts never reach the parser: the message is about votes. */
static void
test_unsigned_root_is_not_parsed (Fixture *f, gconstpointer data)
{
    g_autoptr (GPtrArray) chain = fixture_chain ();
    g_autoptr (GBytes) text = g_bytes_new_static ("handcarry-root: 1\n[[[[", 22);
    g_autoptr (GError) error = NULL;

    fixture_add_step (f, chain, 1, "a", "a");
    g_ptr_array_add (chain, signed_root_new (text));
    g_assert_null (trust_prove (chain, &error));
    fixture_expect (error, ERR_TRUST, "keys of root 1: the trust root 2 has 0 of the 1 votes");
}

static void
test_stored_chain_is_loaded_again (Fixture *f, gconstpointer data)
{
    g_autofree char *dir = g_build_filename (f->dir, "trust", NULL);
    g_autoptr (GPtrArray) chain = fixture_chain ();
    g_autoptr (TrustRoot) trust = NULL, loaded = NULL, again = NULL;
    g_autoptr (GError) error = NULL;
    Digest written, read;

    g_assert_false (trust_folder_has_root (dir));
    fixture_add_step (f, chain, 2, "abd", "abd");
    fixture_add_step (f, chain, 1, "e", "dea");
    trust = fixture_prove (chain);
    g_assert_true (trust_store (trust, dir, 0, &error));
    g_assert_true (trust_folder_has_root (dir));
    loaded = trust_load (dir, &error);
    g_assert_no_error (error);
    written = trust_fingerprint (trust);
    read = trust_fingerprint (loaded);
    g_assert_true (digest_equal (&written, &read));
    g_assert_cmpuint (trust_chain (loaded)->len, ==, 2);
    g_assert_false (trust_store (trust, dir, 0, &error));
    g_clear_error (&error);
    again = trust_load (dir, &error);
    g_assert_no_error (error);
}

static char *
store_one (Fixture *f)
{
    char *dir = g_build_filename (f->dir, "trust", NULL);
    g_autoptr (GPtrArray) chain = fixture_chain ();
    g_autoptr (TrustRoot) trust = NULL;

    fixture_add_step (f, chain, 1, "a", "a");
    trust = fixture_prove (chain);
    g_assert_true (trust_store (trust, dir, 0, NULL));
    return dir;
}

static void
test_019_gap_on_disk_is_refused (Fixture *f, gconstpointer data)
{
    g_autofree char *dir = store_one (f);
    g_autofree char *third = g_build_filename (dir, "3.root.yaml", NULL);
    g_autoptr (GError) error = NULL;

    g_assert_true (g_file_set_contents (third, "x", 1, NULL));
    g_assert_null (trust_load (dir, &error));
    fixture_expect (error, ERR_TRUST, "has root 3 but not root 2");
}

static void
test_027_open_trust_folder_is_refused (Fixture *f, gconstpointer data)
{
    g_autofree char *dir = store_one (f);
    g_autofree char *file = g_build_filename (dir, "1.root.yaml", NULL);
    g_autofree char *moved = g_build_filename (f->dir, "moved", NULL);
    const char *const paths[] = { dir, file };
    const mode_t modes[] = { 0775, 0777 };

    for (gsize i = 0; i < 4; i++) {
        g_autoptr (GError) error = NULL;

        g_assert_cmpint (g_chmod (paths[i / 2], (int)modes[i % 2]), ==, 0);
        g_assert_null (trust_load (dir, &error));
        fixture_expect (error, ERR_TRUST, "others may write");
        g_assert_cmpint (g_chmod (paths[i / 2], 0755), ==, 0);
    }
    g_assert_cmpint (g_rename (file, moved), ==, 0);
    g_assert_cmpint (symlink (moved, file), ==, 0);
    g_assert_null (trust_load (dir, NULL));
}

static void
test_027_foreign_owner_is_refused (Fixture *f, gconstpointer data)
{
    g_autofree char *dir = store_one (f);
    g_autofree char *file = g_build_filename (dir, "1.root.yaml", NULL);
    g_autoptr (GError) error = NULL;

    if (geteuid () != 0) {
        g_test_skip ("only root can give a file away");
        return;
    }
    g_assert_cmpint (chown (file, 4711, 4711), ==, 0);
    g_assert_null (trust_load (dir, &error));
    fixture_expect (error, ERR_TRUST, "belongs to user 4711");
}

/* A run that died between votes and text leaves the root before it in force. */
static void
test_021_votes_without_their_root_are_nothing (Fixture *f, gconstpointer data)
{
    g_autofree char *dir = store_one (f);
    g_autofree char *stray = g_build_filename (dir, "2.root.yaml.E7620F1842B4E81F.minisig", NULL);
    g_autoptr (TrustRoot) trust = NULL;

    g_assert_true (g_file_set_contents (stray, "half a fi", -1, NULL));
    trust = trust_load (dir, NULL);
    g_assert_cmpuint (trust_number (trust), ==, 1);
}

#define ADD(name, func)                                                                            \
    g_test_add ("/trust/" name, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    ADD ("019-023-number", test_019_023_number_must_follow);
    ADD ("019-gap-on-disk", test_019_gap_on_disk_is_refused);
    ADD ("020-old-and-new-keys", test_020_a_root_needs_old_and_new_keys);
    ADD ("020-both-thresholds", test_020_both_thresholds_count_different_keys);
    ADD ("021-votes-without-root", test_021_votes_without_their_root_are_nothing);
    ADD ("022-fork", test_022_a_fork_is_refused);
    ADD ("027-open-folder", test_027_open_trust_folder_is_refused);
    ADD ("027-foreign-owner", test_027_foreign_owner_is_refused);
    ADD ("shorter-chain", test_a_shorter_or_equal_chain_changes_nothing);
    ADD ("epoch", test_epoch_never_falls);
    ADD ("unsigned-root", test_unsigned_root_is_not_parsed);
    ADD ("stored-chain", test_stored_chain_is_loaded_again);
    return g_test_run ();
}
