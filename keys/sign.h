/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Ed25519 in minisign's formats (keys/FORMAT.md). Only prehashed "ED" signatures. */

typedef struct SecretKey SecretKey; /* in libsodium's guarded memory */
typedef struct PublicKey PublicKey;

/* Reads a minisign secret key file; asks for the password on the terminal where it has one, or
 * takes it from the file named by the environment variable HANDCARRY_PASSWORD_FILE. */
SecretKey *secret_key_load (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void secret_key_free (SecretKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SecretKey, secret_key_free)

/* May others than the owner read the file? For the verb to warn about. */
gboolean secret_key_is_exposed (const SecretKey *key);

/* "E7620F1842B4E81F". Caller frees. */
char *secret_key_id (const SecretKey *key);

/* The text of a minisign signature file over message. The comment becomes the trusted comment:
 * printable ASCII, no time in it, so that the same key over the same bytes gives the same file. */
GBytes *sign_bytes (const SecretKey *key, GBytes *message, const char *comment,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Gives an Ed25519 signature over bytes. */
typedef gboolean (*SignFunc) (gpointer signer, const guint8 *bytes, gsize length, guint8 out[64],
                              GError **error);
/* The same by whatever has the secret half of key; it is called twice, with the hash of message and
 * with what covers the comment. */
GBytes *sign_bytes_by (SignFunc sign, gpointer signer, const PublicKey *key, GBytes *message,
                       const char *comment, GError **error) G_GNUC_WARN_UNUSED_RESULT;
