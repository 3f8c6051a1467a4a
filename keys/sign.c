/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/sign.h"

#include "keys/lines.h"
#include "keys/secret.h"
#include "keys/signature.h"
#include "manifest/error.h"

#include <string.h>

static void
sign_comment (const SecretKey *key, Signature *signature)
{
    g_autoptr (GByteArray) message = g_byte_array_new ();

    g_byte_array_append (message, signature->value, sizeof signature->value);
    g_byte_array_append (message, (const guint8 *)signature->comment,
                         (guint)strlen (signature->comment));
    secret_key_sign (key, message->data, message->len, signature->global);
}

/* The result is checked before it leaves: a memory fault while signing would otherwise publish
 * something that reveals the key. */
GBytes *
sign_bytes (const SecretKey *key, GBytes *message, const char *comment, GError **error)
{
    g_autoptr (Signature) signature = g_new0 (Signature, 1);
    MessageHash hash = message_hash (message);
    PublicKey own;

    if (strlen (comment) > SIGNATURE_COMMENT_MAX || !lines_is_comment (comment, strlen (comment)))
        return fail_null (error, ERR_FAILED,
                          "cannot sign: the trusted comment must be printable ASCII of at most %d "
                          "bytes",
                          SIGNATURE_COMMENT_MAX);
    secret_key_get_public (key, &own);
    memcpy (signature->id, own.id, sizeof own.id);
    signature->comment = g_strdup (comment);
    secret_key_sign (key, hash.b, sizeof hash.b, signature->value);
    sign_comment (key, signature);
    if (!signature_check (signature, &own, &hash, error)) {
        fail_prefix (error, "the signature just made is wrong (faulty memory?)");
        return NULL;
    }
    return signature_write (signature);
}
