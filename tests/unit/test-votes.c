/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/signature.h"
#include "manifest/limits.h"
#include "tests/unit/trust-fixture.h"

#include <string.h>

#define STATEMENT "handcarry-statement: 1\nproduct: plant-hmi\n"
#define PACKING "handcarry-packing: 1\nstatement: x\n"

static gboolean
check (Fixture *f, TrustRoot *trust, const char *text, const char *signers, VoteReport *report,
       GError **error)
{
    g_autoptr (GPtrArray) votes = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
    g_autoptr (VoteReport) own = vote_report_new ();

    for (; *signers != '\0'; signers++)
        g_ptr_array_add (votes, fixture_vote (f, *signers, bytes));
    return trust_check_votes (trust, SIGNED_STATEMENT, bytes, votes, report ? report : own, error);
}

static TrustRoot *
prove_release_role (Fixture *f, guint threshold, const char *members)
{
    g_autoptr (Root) root = fixture_make_root (f, 1, 1, "a");

    g_ptr_array_remove_index (root->roles, 1);
    fixture_add_role (root, "release", SIGNS_STATEMENT, threshold, members);
    return fixture_prove_root (f, root, "a");
}

static void
test_010_no_vote_is_refused (Fixture *f, gconstpointer data)
{
    g_autoptr (TrustRoot) trust = prove_release_role (f, 1, "c");
    g_autoptr (GError) error = NULL;

    g_assert_false (check (f, trust, STATEMENT, "", NULL, &error));
    fixture_expect (error, ERR_TRUST,
                    "the statement has 0 of the 1 votes that role 'release' must give");
}

static void
test_001_wrong_key_is_refused_and_named (Fixture *f, gconstpointer data)
{
    g_autoptr (TrustRoot) trust = prove_release_role (f, 1, "c");
    g_autoptr (VoteReport) report = vote_report_new ();
    g_autoptr (GError) error = NULL;
    const RoleVotes *role;

    g_assert_false (check (f, trust, STATEMENT, "d", report, &error));
    fixture_expect (error, ERR_TRUST, "missing: c (");
    role = report->roles->pdata[0];
    g_assert_cmpstr (role->role, ==, "release");
    g_assert_cmpuint (role->voted->len, ==, 0);
    g_assert_cmpuint (role->missing->len, ==, 1);
}

static void
test_012_repeated_vote_counts_once (Fixture *f, gconstpointer data)
{
    g_autoptr (TrustRoot) trust = prove_release_role (f, 2, "cd");
    g_autoptr (VoteReport) report = vote_report_new ();
    g_autoptr (GError) error = NULL;

    g_assert_false (check (f, trust, STATEMENT, "ccc", report, &error));
    fixture_expect (error, ERR_TRUST, "1 of the 2 votes");
    g_assert_cmpuint (report->ignored->len, ==, 2);
    g_assert_nonnull (strstr (report->ignored->pdata[0], "has voted already"));
    g_clear_error (&error);
    g_assert_true (check (f, trust, STATEMENT, "cdc", NULL, &error));
}

/* One public key under two names and two ids in a role of threshold 2, with a third beside it. */
static void
test_013_two_ids_of_one_key_count_once (Fixture *f, gconstpointer data)
{
    g_autoptr (Root) root = fixture_make_root (f, 1, 1, "a");
    g_autoptr (TrustRoot) trust = NULL;
    g_autoptr (GPtrArray) votes = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    g_autoptr (GBytes) text = g_bytes_new_static (STATEMENT, strlen (STATEMENT));
    g_autoptr (VoteReport) report = vote_report_new ();
    g_autoptr (GError) error = NULL;
    RootRole *role = root->roles->pdata[1];
    PublicKey twin;
    g_autoptr (Signature) forged = NULL;

    secret_key_get_public (f->keys[2], &twin);
    twin.id[0] ^= 1;
    g_ptr_array_add (role->keys, root_add_key (root, "twin", &twin, 1));
    g_ptr_array_add (role->keys, root->keys->pdata[3]);
    role->threshold = 2;
    trust = fixture_prove_root (f, root, "a");
    g_ptr_array_add (votes, fixture_vote (f, 'c', text));
    forged = signature_parse (votes->pdata[0], "vote", NULL);
    forged->id[0] ^= 1;
    g_ptr_array_add (votes, signature_write (forged));
    g_assert_false (trust_check_votes (trust, SIGNED_STATEMENT, text, votes, report, &error));
    fixture_expect (error, ERR_TRUST, "1 of the 2 votes");
    g_assert_nonnull (strstr (report->ignored->pdata[0], "has voted already"));
}

static void
test_015_votes_are_capped (Fixture *f, gconstpointer data)
{
    g_autoptr (TrustRoot) trust = prove_release_role (f, 1, "c");
    g_autofree char *at = g_strnfill (LIMIT_VOTES, 'c');
    g_autofree char *above = g_strnfill (LIMIT_VOTES + 1, 'c');
    g_autoptr (GError) error = NULL;

    g_assert_true (check (f, trust, STATEMENT, at, NULL, &error));
    g_assert_false (check (f, trust, STATEMENT, above, NULL, &error));
    fixture_expect (error, ERR_TRUST, "carries 33 votes; at most 32");
}

static void
test_016_bad_vote_among_enough_good_ones_is_reported (Fixture *f, gconstpointer data)
{
    g_autoptr (TrustRoot) trust = prove_release_role (f, 1, "c");
    g_autoptr (GPtrArray) votes = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    g_autoptr (GBytes) text = g_bytes_new_static (STATEMENT, strlen (STATEMENT));
    g_autoptr (GBytes) other = g_bytes_new_static ("other", 5);
    g_autoptr (VoteReport) report = vote_report_new ();
    g_autoptr (GError) error = NULL;

    g_ptr_array_add (votes, fixture_vote (f, 'c', other));
    g_ptr_array_add (votes, g_bytes_new_static ("junk", 4));
    g_ptr_array_add (votes, fixture_vote (f, 'f', text));
    g_ptr_array_add (votes, fixture_vote (f, 'c', text));
    g_assert_true (trust_check_votes (trust, SIGNED_STATEMENT, text, votes, report, &error));
    g_assert_no_error (error);
    g_assert_cmpuint (report->ignored->len, ==, 3);
    g_assert_nonnull (strstr (report->ignored->pdata[0], "does not fit the signed bytes"));
    g_assert_nonnull (strstr (report->ignored->pdata[1], "no line end"));
    g_assert_nonnull (strstr (report->ignored->pdata[2], "key f is in no role that signs it"));
    g_assert_cmpuint (((RoleVotes *)report->roles->pdata[0])->voted->len, ==, 1);
}

static void
test_005_signature_of_another_kind_is_refused (Fixture *f, gconstpointer data)
{
    g_autoptr (TrustRoot) trust = prove_release_role (f, 1, "c");
    static const char *const texts[] = {
        PACKING, "handcarry-statement: 0\n", "handcarry-statement: 1",
        "",      "handcarry-root: 1\n",      " handcarry-statement: 1\n",
    };

    for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
        g_autoptr (GError) error = NULL;

        g_assert_false (check (f, trust, texts[i], "c", NULL, &error));
        fixture_expect (error, ERR_TRUST, "does not begin with the line 'handcarry-statement: 1'");
    }
}

static void
test_039_a_later_format_is_named (Fixture *f, gconstpointer data)
{
    g_autoptr (TrustRoot) trust = prove_release_role (f, 1, "c");
    g_autoptr (GError) error = NULL;

    g_assert_false (check (f, trust, "handcarry-statement: 12\n", "c", NULL, &error));
    fixture_expect (error, ERR_FORMAT, "is of format 12, and this handcarry knows format 1");
}

static void
test_127_every_role_must_vote (Fixture *f, gconstpointer data)
{
    g_autoptr (Root) root = fixture_make_root (f, 1, 1, "a");
    g_autoptr (TrustRoot) trust = NULL;
    g_autoptr (VoteReport) report = vote_report_new ();
    g_autoptr (GError) error = NULL;

    fixture_add_role (root, "human", SIGNS_STATEMENT, 1, "de");
    trust = fixture_prove_root (f, root, "a");
    g_assert_false (check (f, trust, STATEMENT, "c", report, &error));
    fixture_expect (error, ERR_TRUST, "role 'human' must give; missing: d (");
    g_assert_cmpuint (report->roles->len, ==, 2);
    g_clear_error (&error);
    g_assert_true (check (f, trust, STATEMENT, "ce", NULL, &error));
}

static void
test_a_site_role_votes_at_its_sites (Fixture *f, gconstpointer data)
{
    g_autoptr (Root) root = fixture_make_root (f, 1, 1, "a");
    g_autoptr (TrustRoot) trust = NULL, walked = NULL;
    g_autoptr (GError) error = NULL;

    fixture_add_role (root, "plant-a", SIGNS_STATEMENT, 1, "e")->sites =
        g_strsplit ("plant-a", ",", 0);
    trust = fixture_prove_root (f, root, "a");
    g_assert_false (check (f, trust, STATEMENT, "c", NULL, &error));
    fixture_expect (error, ERR_TRUST, "role 'plant-a'");
    g_clear_error (&error);
    g_assert_true (check (f, trust, STATEMENT, "ce", NULL, &error));
    trust_set_site (trust, "plant-b");
    g_assert_true (check (f, trust, STATEMENT, "c", NULL, &error));
    walked = trust_walk (trust, trust_chain (trust), &error);
    g_assert_true (check (f, walked, STATEMENT, "c", NULL, &error));
    trust_set_site (walked, "plant-a");
    g_assert_false (check (f, walked, STATEMENT, "c", NULL, &error));
}

static void
test_033_product_must_be_one_of_the_role (Fixture *f, gconstpointer data)
{
    g_autoptr (Root) root = fixture_make_root (f, 1, 1, "a");
    g_autoptr (TrustRoot) trust = NULL;
    g_autoptr (GError) error = NULL;

    ((RootRole *)root->roles->pdata[1])->products = g_strsplit ("plant-hmi,other", ",", 0);
    trust = fixture_prove_root (f, root, "a");
    g_assert_true (trust_check_product (trust, "plant-hmi", &error));
    g_assert_true (trust_check_product (trust, "other", &error));
    g_assert_false (trust_check_product (trust, "plant", &error));
    fixture_expect (error, ERR_POLICY, "does not let role 'release' sign the product 'plant'");
}

static void
test_017_018_revoked_key_does_not_count (Fixture *f, gconstpointer data)
{
    g_autoptr (Root) root = fixture_make_root (f, 1, 1, "a");
    g_autoptr (TrustRoot) trust = NULL;
    g_autoptr (VoteReport) report = vote_report_new ();
    g_autoptr (GError) error = NULL;
    RootRevoked *revoked = g_new0 (RootRevoked, 1);

    g_ptr_array_add (((RootRole *)root->roles->pdata[1])->keys, root->keys->pdata[3]);
    secret_key_get_public (f->keys[2], &revoked->key);
    g_ptr_array_add (root->revoked, revoked);
    g_ptr_array_remove_index (root->roles, 2);
    fixture_add_role (root, "pack", SIGNS_PACKING, 1, "d");
    trust = fixture_prove_root (f, root, "a");
    g_assert_false (check (f, trust, STATEMENT, "c", report, &error));
    fixture_expect (error, ERR_TRUST, "0 of the 1 votes");
    g_assert_nonnull (strstr (report->ignored->pdata[0], "is revoked; sign again"));
    g_clear_error (&error);
    g_assert_true (check (f, trust, STATEMENT, "d", NULL, &error));
}

#define ADD(name, func)                                                                            \
    g_test_add ("/votes/" name, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    ADD ("001-wrong-key", test_001_wrong_key_is_refused_and_named);
    ADD ("005-another-kind", test_005_signature_of_another_kind_is_refused);
    ADD ("039-later-format", test_039_a_later_format_is_named);
    ADD ("010-no-vote", test_010_no_vote_is_refused);
    ADD ("012-repeated-vote", test_012_repeated_vote_counts_once);
    ADD ("013-two-ids-of-one-key", test_013_two_ids_of_one_key_count_once);
    ADD ("015-votes-are-capped", test_015_votes_are_capped);
    ADD ("016-bad-among-good", test_016_bad_vote_among_enough_good_ones_is_reported);
    ADD ("017-018-revoked", test_017_018_revoked_key_does_not_count);
    ADD ("033-product", test_033_product_must_be_one_of_the_role);
    ADD ("127-every-role", test_127_every_role_must_vote);
    ADD ("site-role", test_a_site_role_votes_at_its_sites);
    return g_test_run ();
}
