/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/selftest.h"

#include "manifest/error.h"

#include <sodium.h>
#include <string.h>

/* RFC 8032, section 7.1, test 2. */
static const guint8 seed[32] = {
    0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda, 0x9d, 0xb6, 0xc3, 0x46, 0xec, 0x11, 0x4e, 0x0f,
    0x5b, 0x8a, 0x31, 0x9f, 0x35, 0xab, 0xa6, 0x24, 0xda, 0x8c, 0xf6, 0xed, 0x4f, 0xb8, 0xa6, 0xfb,
};
static const guint8 public_key[32] = {
    0x3d, 0x40, 0x17, 0xc3, 0xe8, 0x43, 0x89, 0x5a, 0x92, 0xb7, 0x0a, 0xa7, 0x4d, 0x1b, 0x7e, 0xbc,
    0x9c, 0x98, 0x2c, 0xcf, 0x2e, 0xc4, 0x96, 0x8c, 0xc0, 0xcd, 0x55, 0xf1, 0x2a, 0xf4, 0x66, 0x0c,
};
static const guint8 message[1] = { 0x72 };

/* The order of the group, 2^252 + 27742317777372353535851937790883648493, little-endian. */
static const guint8 order[32] = {
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10,
};

/* Encodings of points of small order: with one as key, S = 0 signs anything in a lax library. */
static const guint8 small_order[][32] = {
    { 0x01 }, /* the neutral element */
    { 0x00 }, /* order 4: y = 0 */
    { 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
      0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
      0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 }, /* order 8 */
};

static void
add_order (guint8 scalar[32])
{
    guint carry = 0;

    for (gsize i = 0; i < 32; i++) {
        carry += (guint)scalar[i] + order[i];
        scalar[i] = (guint8)carry;
        carry >>= 8;
    }
}

static gboolean
refuses_small_order (VerifyFunc verify, const guint8 signature[64])
{
    guint8 forged[64];

    for (gsize i = 0; i < G_N_ELEMENTS (small_order); i++) {
        memset (forged, 0, sizeof forged);
        memcpy (forged, small_order[0], 32);
        if (verify (forged, message, sizeof message, small_order[i]) == 0)
            return FALSE;
        memcpy (forged, signature, sizeof forged);
        memcpy (forged, small_order[i], 32);
        if (verify (forged, message, sizeof message, public_key) == 0)
            return FALSE;
    }
    return TRUE;
}

gboolean
selftest_check (VerifyFunc verify, GError **error)
{
    guint8 derived[32], secret[64], signature[64], changed[64];

    crypto_sign_ed25519_seed_keypair (derived, secret, seed);
    crypto_sign_ed25519_detached (signature, NULL, message, sizeof message, secret);
    if (memcmp (derived, public_key, sizeof derived) != 0 ||
        verify (signature, message, sizeof message, public_key) != 0)
        return fail (error, ERR_FAILED, "libsodium's Ed25519 does not work on this machine");
    memcpy (changed, signature, sizeof changed);
    changed[5] ^= 1;
    if (verify (changed, message, sizeof message, public_key) == 0)
        return fail (error, ERR_FAILED, "libsodium accepts a changed signature; not using it");
    memcpy (changed, signature, sizeof changed);
    add_order (changed + 32);
    if (verify (changed, message, sizeof message, public_key) == 0 ||
        !refuses_small_order (verify, signature))
        return fail (
            error, ERR_FAILED,
            "this libsodium accepts forged Ed25519 signatures (built with ED25519_COMPAT); "
            "not using it: install the distribution's own");
    return TRUE;
}

gboolean
keys_start (GError **error)
{
    static gsize state = 0;
    enum { GOOD = 1, BAD = 2 };

    if (g_once_init_enter (&state)) {
        gboolean good =
            sodium_init () >= 0 && selftest_check (crypto_sign_ed25519_verify_detached, NULL);
        g_once_init_leave (&state, good ? GOOD : BAD);
    }
    if (state == GOOD)
        return TRUE;
    return selftest_check (crypto_sign_ed25519_verify_detached, error) &&
           fail (error, ERR_FAILED, "libsodium does not start on this machine");
}
