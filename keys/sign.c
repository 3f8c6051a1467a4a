/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/sign.h"

#include "keys/lines.h"
#include "keys/secret.h"
#include "keys/signature.h"
#include "manifest/error.h"
#include "manifest/message.h"

#include <string.h>

static gboolean
sign_comment (SignFunc sign, gpointer signer, Signature *signature, GError **error)
{
    g_autoptr (GByteArray) message = g_byte_array_new ();

    g_byte_array_append (message, signature->value, sizeof signature->value);
    g_byte_array_append (message, (const guint8 *)signature->comment,
                         (guint)strlen (signature->comment));
    return sign (signer, message->data, message->len, signature->global, error);
}

/* The result is checked before it leaves: a memory fault while signing would otherwise publish
 * something that reveals the key. */
GBytes *
sign_bytes_by (SignFunc sign, gpointer signer, const PublicKey *key, GBytes *message,
               const char *comment, GError **error)
{
    g_autoptr (Signature) signature = g_new0 (Signature, 1);
    MessageHash hash = message_hash (message);

    if (strlen (comment) > SIGNATURE_COMMENT_MAX || !lines_is_comment (comment, strlen (comment)))
        return fail_null (error, ERR_FAILED,
                          "cannot sign: the trusted comment must be printable ASCII of at most %d "
                          "bytes",
                          SIGNATURE_COMMENT_MAX);
    memcpy (signature->id, key->id, sizeof key->id);
    signature->comment = g_strdup (comment);
    if (!sign (signer, hash.b, sizeof hash.b, signature->value, error) ||
        !sign_comment (sign, signer, signature, error))
        return NULL;
    if (!signature_check (signature, key, &hash, error)) {
        fail_prefix (error, "the signature just made is wrong (faulty memory?)");
        return NULL;
    }
    return signature_write (signature);
}

static gboolean
sign_with_secret (gpointer signer, const guint8 *bytes, gsize length, guint8 out[64],
                  GError **error)
{
    secret_key_sign (signer, bytes, length, out);
    return TRUE;
}

GBytes *
sign_bytes (const SecretKey *key, GBytes *message, const char *comment, GError **error)
{
    PublicKey own;

    secret_key_get_public (key, &own);
    return sign_bytes_by (sign_with_secret, (gpointer)key, &own, message, comment, error);
}
