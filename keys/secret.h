/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "keys/public.h"
#include "keys/sign.h"

#include <glib.h>

/* minisign's secret key files (keys/FORMAT.md, "Secret key file"). Everything secret lies in
 * libsodium's guarded memory, the text of the file included. */

/* Gives the password in memory from sodium_malloc, or NULL. prompt names the key. */
typedef char *(*PasswordFunc) (const char *prompt, gpointer data, GError **error);

/* text must stay valid during the call. A key without a password does not ask. */
SecretKey *secret_key_parse (const char *text, gsize length, const char *name,
                             PasswordFunc password, gpointer data,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

SecretKey *secret_key_generate (GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* password NULL: not encrypted. The bytes lie in guarded memory. *memory, where not NULL, is what
 * scrypt used: 1 GiB, or less where the machine has not got it; 0 without a password. */
GBytes *secret_key_write (const SecretKey *key, const char *password, guint64 *memory,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

void secret_key_get_public (const SecretKey *key, PublicKey *out);
/* Ed25519 over bytes. */
void secret_key_sign (const SecretKey *key, const guint8 *bytes, gsize length, guint8 out[64]);
