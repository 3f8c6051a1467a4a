/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/have-load.h"
#include "tests/unit/trust-fixture.h"

#include <string.h>

#define HEAD HAVE_TYPE_LINE "\nhost: "
#define TAIL                                                                                       \
    "\nplatform: linux/amd64\nengine: {kind: docker, version: '20.10', store: graphdriver}\n"      \
    "free: {state: 5}\nproducts: []\nimages: []\n"

/* A trust root in which d and e are hosts. */
static TrustRoot *
trust_with_hosts (Fixture *f)
{
    g_autoptr (Root) root = fixture_make_root (f, 1, 1, "a");

    fixture_add_role (root, "host", SIGNS_RECEIPT, 1, "de");
    return fixture_prove_root (f, root, "a");
}

static void
put (const char *path, GBytes *bytes)
{
    g_assert_true (g_file_set_contents (path, g_bytes_get_data (bytes, NULL),
                                        (gssize)g_bytes_get_size (bytes), NULL));
}

/* What have_load makes of text when made was signed by key; made NULL: not signed at all. */
static void
expect (Fixture *f, const char *text, const char *made, char key, ErrorCode code,
        const char *message)
{
    g_autoptr (TrustRoot) trust = trust_with_hosts (f);
    g_autofree char *path = g_build_filename (f->dir, "x.have", NULL);
    g_autofree char *beside = g_strconcat (path, ".minisig", NULL);
    g_autoptr (GBytes) bytes = g_bytes_new_static (text, strlen (text));
    g_autoptr (GError) error = NULL;
    g_autoptr (Have) have = NULL;

    put (path, bytes);
    if (made != NULL) {
        g_autoptr (GBytes) other = g_bytes_new_static (made, strlen (made));
        g_autoptr (GBytes) vote = fixture_vote (f, key, other);

        put (beside, vote);
    }
    if (message == NULL) {
        g_assert_true (have_load (path, trust, &have, &error));
        g_assert_cmpuint (have->state_free, ==, 5);
    } else {
        g_assert_false (have_load (path, trust, &have, &error));
        g_assert_null (have);
        fixture_expect (error, code, message);
        fixture_expect (error, code, path);
    }
}

static void
test_only_what_an_enrolled_host_signed_is_read (Fixture *f, gconstpointer data)
{
    expect (f, HEAD "d" TAIL, NULL, 0, ERR_TRUST, "no signature");
    expect (f, HEAD "d" TAIL, HEAD "d" TAIL, 'd', 0, NULL);
    expect (f, HEAD "e" TAIL, HEAD "d" TAIL, 'd', ERR_TRUST, "not as host 'd' signed it");
    expect (f, HEAD "b" TAIL, HEAD "b" TAIL, 'b', ERR_TRUST, "handcarry trust add --host");
}

static void
test_a_host_speaks_for_itself_only (Fixture *f, gconstpointer data)
{
    expect (f, HEAD "e" TAIL, HEAD "e" TAIL, 'd', ERR_TRUST,
            "from host 'e', and its key was enrolled for host 'd'");
}

static void
test_005_another_kind_of_text_is_refused (Fixture *f, gconstpointer data)
{
    const char *text = "handcarry-packing: 1\nhost: d" TAIL;

    expect (f, text, text, 'd', ERR_TRUST, "does not begin with the line");
}

/* Nothing is parsed before it is believed: the mistake shows only where the signature is good. */
static void
test_it_is_parsed_after_the_signature (Fixture *f, gconstpointer data)
{
    expect (f, HEAD "d\nodd: 1" TAIL, HEAD "d" TAIL, 'd', ERR_TRUST, "not as host 'd' signed it");
    expect (f, HEAD "d\nodd: 1" TAIL, HEAD "d\nodd: 1" TAIL, 'd', ERR_FORMAT, "unknown key 'odd'");
}

#define ADD(name, func)                                                                            \
    g_test_add ("/have-load/" name, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    ADD ("enrolled", test_only_what_an_enrolled_host_signed_is_read);
    ADD ("itself", test_a_host_speaks_for_itself_only);
    ADD ("005-other-kind", test_005_another_kind_of_text_is_refused);
    ADD ("after-signature", test_it_is_parsed_after_the_signature);
    return g_test_run ();
}
