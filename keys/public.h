/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* minisign's public keys (keys/FORMAT.md, "Public key file"). */

#define PUBLIC_KEY_ID_BYTES 8

typedef struct PublicKey PublicKey;
struct PublicKey {
    guint8 id[PUBLIC_KEY_ID_BYTES]; /* random; finds a key, never counts as one */
    guint8 key[32];                 /* what counts */
};

/* The text of a public key file. A secret key file is named as such. Keys that no honest program
 * makes (small order, not on the curve) are ERR_FORMAT. */
gboolean public_key_parse (GBytes *text, const char *name, PublicKey *out,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean public_key_load (const char *path, PublicKey *out,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The second line alone, as it stands in a trust root. */
gboolean public_key_from_base64 (const char *text, const char *name, PublicKey *out,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* 56 characters. Caller frees. */
char *public_key_to_base64 (const PublicKey *key);
/* The file. */
GBytes *public_key_write (const PublicKey *key);
/* "E7620F1842B4E81F", as minisign shows it. Caller frees. */
char *public_key_id (const PublicKey *key);
/* The same key? Compares the 32 bytes, not the ids. */
gboolean public_key_equal (const PublicKey *a, const PublicKey *b);

/* For other files of this folder: an id as text. Caller frees. */
char *public_key_id_to_text (const guint8 id[PUBLIC_KEY_ID_BYTES]);
