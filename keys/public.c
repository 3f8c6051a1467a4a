/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/public.h"

#include "keys/lines.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"

#include <sodium.h>
#include <string.h>

#define BLOB_BYTES 42
#define COMMENT_MAX 1023
#define SECRET_LINE_LENGTH 212 /* base64 of a secret key's 158 bytes */

static gboolean
decode (const Line *line, const char *name, PublicKey *out, GError **error)
{
    guint8 blob[BLOB_BYTES];

    if (line->length == SECRET_LINE_LENGTH)
        return fail (error, ERR_FORMAT,
                     "'%s' is a secret key; expected the public key (NAME.pub). Keep the secret "
                     "one to yourself",
                     name);
    if (!lines_decode (line, "key", blob, sizeof blob, name, error))
        return FALSE;
    if (memcmp (blob, "Ed", 2) != 0)
        return fail (error, ERR_FORMAT, "'%s' is no minisign Ed25519 public key", name);
    if (crypto_core_ed25519_is_valid_point (blob + 10) != 1)
        return fail (error, ERR_FORMAT,
                     "the key in '%s' is no valid Ed25519 key (small order, or not on the curve)",
                     name);
    memcpy (out->id, blob + 2, sizeof out->id);
    memcpy (out->key, blob + 10, sizeof out->key);
    return TRUE;
}

gboolean
public_key_parse (GBytes *text, const char *name, PublicKey *out, GError **error)
{
    gsize length;
    const char *data = g_bytes_get_data (text, &length);
    Line lines[2];

    if (!lines_split (data != NULL ? data : "", length, lines, G_N_ELEMENTS (lines), name, error))
        return FALSE;
    if (!lines_take_comment (&lines[0], "untrusted comment", COMMENT_MAX, name, error))
        return FALSE;
    return decode (&lines[1], name, out, error);
}

gboolean
public_key_load (const char *path, PublicKey *out, GError **error)
{
    g_autoptr (GBytes) text = file_read_given (path, LIMIT_SIGNATURE_BYTES, error);

    if (text == NULL)
        return FALSE;
    return public_key_parse (text, path, out, error);
}

gboolean
public_key_from_base64 (const char *text, const char *name, PublicKey *out, GError **error)
{
    Line line = { .start = text, .length = strlen (text) };

    return decode (&line, name, out, error);
}

char *
public_key_to_base64 (const PublicKey *key)
{
    guint8 blob[BLOB_BYTES] = { 'E', 'd' };

    memcpy (blob + 2, key->id, sizeof key->id);
    memcpy (blob + 10, key->key, sizeof key->key);
    return lines_encode (blob, sizeof blob);
}

GBytes *
public_key_write (const PublicKey *key)
{
    g_autofree char *line = public_key_to_base64 (key);
    g_autofree char *id = public_key_id (key);
    char *text = g_strdup_printf ("untrusted comment: minisign public key %s\n%s\n", id, line);

    return g_bytes_new_take (text, strlen (text));
}

/* Without leading zeros, as minisign prints it. */
char *
public_key_id_to_text (const guint8 id[PUBLIC_KEY_ID_BYTES])
{
    guint64 number = 0;

    for (int i = PUBLIC_KEY_ID_BYTES - 1; i >= 0; i--)
        number = number << 8 | id[i];
    return g_strdup_printf ("%" G_GINT64_MODIFIER "X", number);
}

char *
public_key_id (const PublicKey *key)
{
    return public_key_id_to_text (key->id);
}

gboolean
public_key_equal (const PublicKey *a, const PublicKey *b)
{
    return memcmp (a->key, b->key, sizeof a->key) == 0;
}
