/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/public.h"
#include "keys/secret.h"
#include "keys/selftest.h"
#include "keys/signature.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "tests/unit/corpus.h"

#include <sodium.h>
#include <string.h>

/* What the files of tests/data/signature sign. */
#define MESSAGE "handcarry-statement: 1\nproduct: plant-hmi\n"

static GBytes *
read_data (const char *name)
{
    g_autofree char *path = g_build_filename (TEST_DATA, name, NULL);
    g_autoptr (GError) error = NULL;
    GBytes *bytes = file_read_given (path, 1 << 20, &error);

    g_assert_no_error (error);
    return bytes;
}

static PublicKey
read_key (void)
{
    g_autoptr (GBytes) text = read_data ("public-key/ok-minisign.pub");
    g_autoptr (GError) error = NULL;
    PublicKey key;

    g_assert_true (public_key_parse (text, "key.pub", &key, &error));
    return key;
}

static gboolean
parse_and_check (GBytes *text, GError **error)
{
    g_autoptr (GBytes) message = g_bytes_new_static (MESSAGE, strlen (MESSAGE));
    g_autoptr (Signature) signature = signature_parse (text, "input", error);
    MessageHash hash = message_hash (message);
    PublicKey key = read_key ();

    return signature != NULL && signature_check (signature, &key, &hash, error);
}

/* Files that stock minisign made, and each way to spoil one. */
static void
test_001_to_009_025_cases (void)
{
    corpus_walk ("signature", parse_and_check);
}

static gboolean
parse_public (GBytes *text, GError **error)
{
    PublicKey key;

    return public_key_parse (text, "input", &key, error);
}

static void
test_025_026_public_key_cases (void)
{
    corpus_walk ("public-key", parse_public);
}

static void
test_public_key_is_written_as_read (void)
{
    PublicKey key = read_key (), again;
    g_autofree char *id = public_key_id (&key);
    g_autofree char *line = public_key_to_base64 (&key);
    g_autoptr (GBytes) text = read_data ("public-key/ok-minisign.pub");
    g_autoptr (GBytes) written = public_key_write (&key);

    g_assert_true (g_bytes_equal (text, written));
    g_assert_cmpstr (id, ==, "2F80102F0DF47ACB");
    g_assert_true (public_key_from_base64 (line, "line", &again, NULL));
    g_assert_true (public_key_equal (&key, &again));
}

static void
test_key_id_has_no_leading_zeros (void)
{
    static const guint8 id[PUBLIC_KEY_ID_BYTES] = {
        0x2b, 0xf9, 0x77, 0x9f, 0x6f, 0x8c, 0x08, 0x00
    };
    g_autofree char *text = public_key_id_to_text (id);

    g_assert_cmpstr (text, ==, "88C6F9F77F92B");
}

static void
test_003_one_bit_anywhere_is_refused (void)
{
    g_autoptr (GBytes) good = read_data ("signature/ok-minisign.minisig");
    gsize length, first;
    const guint8 *data = g_bytes_get_data (good, &length);

    first = (gsize)((const guint8 *)memchr (data, '\n', length) - data);
    for (gsize bit = first * 8; bit < length * 8; bit++) {
        g_autofree guint8 *changed = g_memdup2 (data, length);
        g_autoptr (GError) error = NULL;
        g_autoptr (GBytes) text = NULL;

        changed[bit / 8] ^= (guint8)(1u << (bit % 8));
        text = g_bytes_new (changed, length);
        if (parse_and_check (text, &error))
            g_error ("bit %" G_GSIZE_FORMAT " may be changed: '%s'", bit, (char *)changed);
    }
}

static void
test_009_every_truncation_is_refused (void)
{
    g_autoptr (GBytes) good = read_data ("signature/ok-minisign.minisig");

    for (gsize length = 0; length < g_bytes_get_size (good); length++) {
        g_autoptr (GBytes) text = g_bytes_new_from_bytes (good, 0, length);
        g_autoptr (GError) error = NULL;

        g_assert_false (parse_and_check (text, &error));
        g_assert_error (error, HANDCARRY_ERROR, ERR_FORMAT);
    }
}

static void
test_signing_twice_gives_the_same_file (void)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (SecretKey) key = secret_key_generate (&error);
    g_autoptr (GBytes) message = g_bytes_new_static ("text", 4);
    g_autoptr (GBytes) first = sign_bytes (key, message, "a comment", &error);
    g_autoptr (GBytes) second = sign_bytes (key, message, "a comment", &error);
    g_autoptr (Signature) signature = signature_parse (first, "first", &error);
    g_autoptr (GBytes) written = signature_write (signature);
    MessageHash hash = message_hash (message);
    PublicKey public_key;

    g_assert_no_error (error);
    secret_key_get_public (key, &public_key);
    g_assert_true (g_bytes_equal (first, second));
    g_assert_true (g_bytes_equal (first, written));
    g_assert_true (signature_check (signature, &public_key, &hash, &error));
    g_assert_cmpstr (signature->comment, ==, "a comment");
}

static void
test_007_comment_to_sign_is_checked (void)
{
    g_autoptr (SecretKey) key = secret_key_generate (NULL);
    g_autoptr (GBytes) message = g_bytes_new_static ("text", 4);
    g_autofree char *longest = g_strnfill (SIGNATURE_COMMENT_MAX + 1, 'a');
    const char *bad[] = { "two\nlines", "esc\033[2J", "\xe2\x80\xae", longest };

    for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
        g_autoptr (GError) error = NULL;

        g_assert_null (sign_bytes (key, message, bad[i], &error));
        g_assert_error (error, HANDCARRY_ERROR, ERR_FAILED);
    }
}

/* A verify function as a careless library has it: it also takes a signature whose S was raised by
 * the order, by taking it off again. */
static int
lax_scalar (const unsigned char *signature, const unsigned char *message, unsigned long long length,
            const unsigned char *key)
{
    static const guint8 order[32] = {
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,        0xd6,
        0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10,
    };
    guint8 reduced[64];

    if (crypto_sign_ed25519_verify_detached (signature, message, length, key) == 0)
        return 0;
    memcpy (reduced, signature, sizeof reduced);
    sodium_sub (reduced + 32, order, sizeof order);
    return crypto_sign_ed25519_verify_detached (reduced, message, length, key);
}

static int
lax_everything (const unsigned char *signature, const unsigned char *message,
                unsigned long long length, const unsigned char *key)
{
    return 0;
}

/* Takes a signature of zero S and neutral R under a key of small order, as the equation alone
 * does. */
static int
lax_small_order (const unsigned char *signature, const unsigned char *message,
                 unsigned long long length, const unsigned char *key)
{
    static const guint8 zero[32] = { 0 };

    if (memcmp (signature + 32, zero, sizeof zero) == 0 &&
        crypto_core_ed25519_is_valid_point (key) == 0)
        return 0;
    return crypto_sign_ed25519_verify_detached (signature, message, length, key);
}

static int
refuses_all (const unsigned char *signature, const unsigned char *message,
             unsigned long long length, const unsigned char *key)
{
    return -1;
}

/* trust.md T13 */
static void
test_025_self_test_finds_a_lax_library (void)
{
    static const VerifyFunc broken[] = { lax_scalar, lax_everything, lax_small_order, refuses_all };
    g_autoptr (GError) good = NULL;

    g_assert_true (keys_start (&good));
    g_assert_true (selftest_check (crypto_sign_ed25519_verify_detached, &good));
    for (gsize i = 0; i < G_N_ELEMENTS (broken); i++) {
        g_autoptr (GError) error = NULL;

        g_assert_false (selftest_check (broken[i], &error));
        g_assert_error (error, HANDCARRY_ERROR, ERR_FAILED);
    }
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/signature/001-to-009-025-cases", test_001_to_009_025_cases);
    g_test_add_func ("/signature/025-026-public-key-cases", test_025_026_public_key_cases);
    g_test_add_func ("/signature/public-key-is-written-as-read",
                     test_public_key_is_written_as_read);
    g_test_add_func ("/signature/key-id-has-no-leading-zeros", test_key_id_has_no_leading_zeros);
    g_test_add_func ("/signature/003-one-bit-anywhere", test_003_one_bit_anywhere_is_refused);
    g_test_add_func ("/signature/009-every-truncation", test_009_every_truncation_is_refused);
    g_test_add_func ("/signature/signing-twice", test_signing_twice_gives_the_same_file);
    g_test_add_func ("/signature/007-comment-to-sign", test_007_comment_to_sign_is_checked);
    g_test_add_func ("/signature/025-self-test", test_025_self_test_finds_a_lax_library);
    return g_test_run ();
}
