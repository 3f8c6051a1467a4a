/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/trust-host.h"
#include "tests/unit/trust-fixture.h"

#include <string.h>

#define LINE "handcarry-have: 1"
#define TEXT LINE "\nhost: e\n"

static GBytes *
bytes_of (const char *text)
{
    return g_bytes_new_static (text, strlen (text));
}

/* d and e are hosts; e is revoked where asked. */
static TrustRoot *
trust_with_hosts (Fixture *f, gboolean revoke_e)
{
    g_autoptr (Root) root = fixture_make_root (f, 1, 1, "a");

    fixture_add_role (root, "host", SIGNS_RECEIPT, 1, "de");
    if (revoke_e) {
        RootRevoked *revoked = g_new0 (RootRevoked, 1);

        secret_key_get_public (f->keys[4], &revoked->key);
        g_ptr_array_add (root->revoked, revoked);
    }
    return fixture_prove_root (f, root, "a");
}

static void
expect (Fixture *f, const TrustRoot *trust, const char *signed_text, const char *text, char key,
        const char *message)
{
    g_autoptr (GBytes) shown = bytes_of (text), made = bytes_of (signed_text);
    g_autoptr (GBytes) signature = fixture_vote (f, key, made);
    g_autoptr (GError) error = NULL;
    const char *name = trust_check_host (trust, LINE, shown, signature, "have file", &error);

    if (message != NULL) {
        g_assert_null (name);
        fixture_expect (error, ERR_TRUST, message);
    } else {
        g_assert_no_error (error);
        g_assert_cmpint (name[0], ==, key);
    }
}

static void
test_a_host_is_known_by_its_key (Fixture *f, gconstpointer data)
{
    g_autoptr (TrustRoot) trust = trust_with_hosts (f, FALSE);

    expect (f, trust, TEXT, TEXT, 'd', NULL);
    expect (f, trust, TEXT, TEXT, 'e', NULL);
    expect (f, trust, TEXT, TEXT "x", 'e', "not as host 'e' signed it");
    expect (f, trust, TEXT, TEXT, 'f', "handcarry trust add --host");
}

/* trust.md 1: c signs statements and a signs roots; neither is a host. */
static void
test_001_keys_of_other_roles_are_no_hosts (Fixture *f, gconstpointer data)
{
    g_autoptr (TrustRoot) trust = trust_with_hosts (f, FALSE);

    expect (f, trust, TEXT, TEXT, 'c', "no host's in trust root 1");
    expect (f, trust, TEXT, TEXT, 'a', "no host's in trust root 1");
}

static void
test_005_the_type_line_is_compared_first (Fixture *f, gconstpointer data)
{
    g_autoptr (TrustRoot) trust = trust_with_hosts (f, FALSE);

    expect (f, trust, "handcarry-statement: 1\n", "handcarry-statement: 1\n", 'e',
            "does not begin with the line 'handcarry-have: 1'");
    expect (f, trust, LINE, LINE, 'e', "does not begin with the line");
}

static void
test_018_revoked_wins (Fixture *f, gconstpointer data)
{
    g_autoptr (TrustRoot) trust = trust_with_hosts (f, TRUE);

    expect (f, trust, TEXT, TEXT, 'e', "revoked");
    expect (f, trust, TEXT, TEXT, 'd', NULL);
}

#define ADD(name, func)                                                                            \
    g_test_add ("/trust-host/" name, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    ADD ("known-by-key", test_a_host_is_known_by_its_key);
    ADD ("001-other-roles", test_001_keys_of_other_roles_are_no_hosts);
    ADD ("005-type-line", test_005_the_type_line_is_compared_first);
    ADD ("018-revoked-wins", test_018_revoked_wins);
    return g_test_run ();
}
