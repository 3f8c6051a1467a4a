/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/digest.h"
#include "manifest/error.h"

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void
test_known_vector (void)
{
    Digest value = digest_of ("abc", 3);
    g_autofree char *text = digest_to_text (&value);

    g_assert_cmpstr (text, ==, "sha256:" ABC);
}

static void
test_stream_is_reusable (void)
{
    g_autoptr (DigestStream) stream = digest_stream_new ();
    Digest once = digest_of ("abc", 3), first, second;

    digest_stream_add (stream, "a", 1);
    digest_stream_add (stream, "bc", 2);
    digest_stream_finish (stream, &first);
    digest_stream_add (stream, "abc", 3);
    digest_stream_finish (stream, &second);
    g_assert_true (digest_equal (&once, &first));
    g_assert_true (digest_equal (&once, &second));
}

/* trust.md 76, 97 */
static void
test_076_097_only_the_exact_form_is_a_digest (void)
{
    static const char *const bad[] = {
        "",
        ABC,
        "sha256:",
        "sha256: " ABC,
        "sha256:" ABC " ",
        "sha512:" ABC,
        "SHA256:" ABC,
        "sha256:" ABC "0",
        "sha256:../../etc/passwd",
        "sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
    };
    Digest value;

    for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
        g_autoptr (GError) error = NULL;

        g_assert_false (digest_parse (bad[i], &value, &error));
        g_assert_error (error, HANDCARRY_ERROR, ERR_FORMAT);
    }
    g_assert_true (digest_parse ("sha256:" ABC, &value, NULL));
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/digest/known-vector", test_known_vector);
    g_test_add_func ("/digest/stream-is-reusable", test_stream_is_reusable);
    g_test_add_func ("/digest/076-097-only-the-exact-form",
                     test_076_097_only_the_exact_form_is_a_digest);
    return g_test_run ();
}
