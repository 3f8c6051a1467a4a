/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/digest.h"

#include "manifest/error.h"

#include <openssl/evp.h>
#include <string.h>

struct DigestStream {
    EVP_MD_CTX *context;
};

/* A libcrypto that cannot do SHA-256 leaves nothing sensible to do: g_error ends the program. */
static void
must (int result)
{
    if (result != 1)
        g_error ("libcrypto cannot compute SHA-256");
}

DigestStream *
digest_stream_new (void)
{
    DigestStream *stream = g_new0 (DigestStream, 1);

    stream->context = EVP_MD_CTX_new ();
    must (stream->context != NULL);
    must (EVP_DigestInit_ex (stream->context, EVP_sha256 (), NULL));
    return stream;
}

void
digest_stream_add (DigestStream *stream, const void *data, gsize length)
{
    must (EVP_DigestUpdate (stream->context, data, length));
}

void
digest_stream_finish (DigestStream *stream, Digest *out)
{
    must (EVP_DigestFinal_ex (stream->context, out->b, NULL));
    must (EVP_DigestInit_ex (stream->context, EVP_sha256 (), NULL));
}

void
digest_stream_free (DigestStream *stream)
{
    if (stream == NULL)
        return;
    EVP_MD_CTX_free (stream->context);
    g_free (stream);
}

Digest
digest_of (const void *data, gsize length)
{
    Digest out;

    must (EVP_Digest (data, length, out.b, NULL, EVP_sha256 (), NULL));
    return out;
}

Digest
digest_of_bytes (GBytes *bytes)
{
    gsize length;
    gconstpointer data = g_bytes_get_data (bytes, &length);

    return digest_of (data, length);
}

gboolean
digest_parse_hex (const char *hex, Digest *out, GError **error)
{
    Digest value;

    if (strlen (hex) != DIGEST_HEX_LENGTH ||
        strspn (hex, "0123456789abcdef") != DIGEST_HEX_LENGTH) {
        g_autofree char *shown = error_quote (hex);
        return fail (error, ERR_FORMAT, "digest '%s' is not 64 lower-case hexadecimal digits",
                     shown);
    }
    for (gsize i = 0; i < DIGEST_BYTES; i++)
        value.b[i] = (guint8)(g_ascii_xdigit_value (hex[2 * i]) * 16 +
                              g_ascii_xdigit_value (hex[2 * i + 1]));
    *out = value;
    return TRUE;
}

gboolean
digest_parse (const char *text, Digest *out, GError **error)
{
    if (!g_str_has_prefix (text, "sha256:")) {
        g_autofree char *shown = error_quote (text);
        return fail (error, ERR_FORMAT, "digest '%s' does not begin with 'sha256:'", shown);
    }
    return digest_parse_hex (text + strlen ("sha256:"), out, error);
}

char *
digest_to_hex (const Digest *digest)
{
    static const char digits[] = "0123456789abcdef";
    char *hex = g_malloc (DIGEST_HEX_LENGTH + 1);

    for (gsize i = 0; i < DIGEST_BYTES; i++) {
        hex[2 * i] = digits[digest->b[i] >> 4];
        hex[2 * i + 1] = digits[digest->b[i] & 15];
    }
    hex[DIGEST_HEX_LENGTH] = '\0';
    return hex;
}

char *
digest_to_text (const Digest *digest)
{
    g_autofree char *hex = digest_to_hex (digest);

    return g_strconcat ("sha256:", hex, NULL);
}

Digest
digest_chain (const Digest *parent, const Digest *diffid)
{
    g_autofree char *left = parent != NULL ? digest_to_text (parent) : NULL;
    g_autofree char *right = digest_to_text (diffid);
    g_autofree char *both = NULL;

    if (parent == NULL)
        return *diffid;
    both = g_strconcat (left, " ", right, NULL);
    return digest_of (both, strlen (both));
}

guint
digests_common (const GArray *a, const GArray *b)
{
    guint n = 0;

    while (n < a->len && n < b->len &&
           digest_equal (&g_array_index (a, Digest, n), &g_array_index (b, Digest, n)))
        n++;
    return n;
}

gboolean
digest_equal (const Digest *a, const Digest *b)
{
    return memcmp (a->b, b->b, DIGEST_BYTES) == 0;
}

guint
digest_hash_key (gconstpointer key)
{
    guint value;

    memcpy (&value, ((const Digest *)key)->b, sizeof value);
    return value;
}

gboolean
digest_equal_key (gconstpointer a, gconstpointer b)
{
    return digest_equal (a, b);
}
