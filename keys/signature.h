/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "keys/public.h"

#include <glib.h>

/* minisign's signature files, prehashed only (keys/FORMAT.md, "Signature file"). */

#define SIGNATURE_COMMENT_MAX 8173 /* what stock minisign still reads */

typedef struct {
    guint8 id[PUBLIC_KEY_ID_BYTES];
    guint8 value[64];  /* over the BLAKE2b-512 of the message */
    guint8 global[64]; /* over value and the trusted comment */
    char *comment;     /* trusted comment */
} Signature;

/* What is signed in place of a message: its BLAKE2b-512. */
typedef struct {
    guint8 b[64];
} MessageHash;

MessageHash message_hash (GBytes *message);

/* Exactly four LF lines. Legacy "Ed" signatures have their own sentence. */
Signature *signature_parse (GBytes *text, const char *name,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *signature_write (const Signature *signature);
/* The same signature as handcarry writes it: the untrusted comment, which nothing signs, is its
 * own. For files that other programs made. */
GBytes *signature_rewrite (GBytes *text, const char *name,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Is a text that is a signature file at all written so? In bundles, votes are: one signature has
 * one encoding, and no bit of it is free. */
gboolean signature_is_rewritten (GBytes *text);
void signature_free (Signature *signature);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Signature, signature_free)

/* TRUE: key made this signature over this message and over its trusted comment. Otherwise
 * ERR_TRUST. */
gboolean signature_check (const Signature *signature, const PublicKey *key, const MessageHash *hash,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
