/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/signature.h"

#include "keys/lines.h"
#include "manifest/error.h"
#include "manifest/fuzzing.h"
#include "manifest/limits.h"
#include "manifest/message.h"

#include <sodium.h>
#include <string.h>

#define BLOB_BYTES 74
#define UNTRUSTED_MAX 1023

MessageHash
message_hash (GBytes *message)
{
    MessageHash hash;
    gsize length;
    const guint8 *data = g_bytes_get_data (message, &length);

    crypto_generichash (hash.b, sizeof hash.b, data, length, NULL, 0);
    return hash;
}

/* The algorithm id is covered by no signature: with "ED" changed to "Ed" the same bytes are a valid
 * legacy signature of the 64-byte file that holds the hash. So only one of the two may exist. */
static gboolean
check_algorithm (const guint8 blob[BLOB_BYTES], const char *name, GError **error)
{
    if (memcmp (blob, "ED", 2) == 0)
        return TRUE;
    if (memcmp (blob, "Ed", 2) == 0)
        return fail (error, ERR_FORMAT,
                     "'%s' is a legacy minisign signature; only prehashed ones count: sign again "
                     "with minisign 0.10 or later, without -l",
                     name);
    return fail (error, ERR_FORMAT, "'%s' is no minisign signature: unknown algorithm", name);
}

Signature *
signature_parse (GBytes *text, const char *name, GError **error)
{
    g_autoptr (Signature) signature = g_new0 (Signature, 1);
    gsize length;
    const char *data = g_bytes_get_data (text, &length);
    guint8 blob[BLOB_BYTES];
    Line lines[4];

    if (length > LIMIT_SIGNATURE_BYTES)
        return fail_null (error, ERR_FORMAT, "'%s' is longer than %d bytes: no signature", name,
                          LIMIT_SIGNATURE_BYTES);
    if (!lines_split (data != NULL ? data : "", length, lines, G_N_ELEMENTS (lines), name, error))
        return NULL;
    if (!lines_take_comment (&lines[0], "untrusted comment", UNTRUSTED_MAX, name, error) ||
        !lines_take_comment (&lines[2], "trusted comment",
                             SIGNATURE_COMMENT_MAX + strlen ("trusted comment: "), name, error))
        return NULL;
    if (!lines_decode (&lines[1], "signature", blob, sizeof blob, name, error) ||
        !check_algorithm (blob, name, error) ||
        !lines_decode (&lines[3], "comment signature", signature->global, sizeof signature->global,
                       name, error))
        return NULL;
    memcpy (signature->id, blob + 2, sizeof signature->id);
    memcpy (signature->value, blob + 10, sizeof signature->value);
    signature->comment = g_strndup (lines[2].start, lines[2].length);
    return g_steal_pointer (&signature);
}

/* The untrusted comment is constant, so that the same vote is the same file. */
GBytes *
signature_write (const Signature *signature)
{
    guint8 blob[BLOB_BYTES] = { 'E', 'D' };
    g_autofree char *value = NULL, *global = NULL;
    char *text;

    memcpy (blob + 2, signature->id, sizeof signature->id);
    memcpy (blob + 10, signature->value, sizeof signature->value);
    value = lines_encode (blob, sizeof blob);
    global = lines_encode (signature->global, sizeof signature->global);
    text = g_strdup_printf ("untrusted comment: signature from handcarry\n%s\n"
                            "trusted comment: %s\n%s\n",
                            value, signature->comment, global);
    return g_bytes_new_take (text, strlen (text));
}

GBytes *
signature_rewrite (GBytes *text, const char *name, GError **error)
{
    g_autoptr (Signature) signature = signature_parse (text, name, error);

    return signature != NULL ? signature_write (signature) : NULL;
}

gboolean
signature_is_rewritten (GBytes *text)
{
    g_autoptr (GBytes) again = signature_rewrite (text, "signature", NULL);

    return again == NULL || g_bytes_equal (again, text);
}

void
signature_free (Signature *signature)
{
    if (signature == NULL)
        return;
    g_free (signature->comment);
    g_free (signature);
}

/* Success is == 0 and nothing else. */
static gboolean
comment_is_signed (const Signature *signature, const PublicKey *key)
{
    g_autoptr (GByteArray) message = g_byte_array_new ();

    g_byte_array_append (message, signature->value, sizeof signature->value);
    g_byte_array_append (message, (const guint8 *)signature->comment,
                         (guint)strlen (signature->comment));
    return crypto_sign_ed25519_verify_detached (signature->global, message->data, message->len,
                                                key->key) == 0;
}

gboolean
signature_check (const Signature *signature, const PublicKey *key, const MessageHash *hash,
                 GError **error)
{
    if (memcmp (signature->id, key->id, sizeof key->id) != 0) {
        g_autofree char *made = public_key_id_to_text (signature->id);
        g_autofree char *expected = public_key_id (key);

        return fail (error, ERR_TRUST, "signature was made by key %s, not by %s", made, expected);
    }
    if (!check_holds (crypto_sign_ed25519_verify_detached (signature->value, hash->b,
                                                           sizeof hash->b, key->key) == 0))
        return fail (error, ERR_TRUST, "signature does not fit the signed bytes");
    if (!check_holds (comment_is_signed (signature, key)))
        return fail (error, ERR_TRUST, "signature does not fit its trusted comment");
    return TRUE;
}
