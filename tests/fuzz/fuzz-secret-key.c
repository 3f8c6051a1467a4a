/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/secret.h"
#include "manifest/error.h"

#include <sodium.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* In place of libsodium's, which would make each run last seconds: a stream of zeros, so that what
 * is "encrypted" is the input itself. */
int
crypto_pwhash_scryptsalsa208sha256 (unsigned char *const out, unsigned long long out_length,
                                    const char *const password, unsigned long long length,
                                    const unsigned char *const salt, unsigned long long ops,
                                    size_t memory)
{
    memset (out, 0, out_length);
    return salt[0] == 0xff ? -1 : 0;
}

/* A person gives none where there is a "#" in the comment. */
static char *
give_password (const char *prompt, gpointer data, GError **error)
{
    char *password;

    if (*(const gboolean *)data)
        return fail_null (error, ERR_USAGE, "no password");
    password = sodium_malloc (1);
    *password = '\0';
    return password;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GError) error = NULL;
    gboolean refuses = size > 0 && memchr (data, '#', size) != NULL;
    g_autoptr (SecretKey) key =
        secret_key_parse ((const char *)data, size, "input", give_password, &refuses, &error);

    g_assert ((key == NULL) == (error != NULL));
    return 0;
}
