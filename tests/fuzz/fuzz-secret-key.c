/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/secret.h"

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
    return 0;
}

static char *
no_password (const char *prompt, gpointer data, GError **error)
{
    char *password = sodium_malloc (1);

    *password = '\0';
    return password;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (SecretKey) key =
        secret_key_parse ((const char *)data, size, "input", no_password, NULL, &error);

    g_assert ((key == NULL) == (error != NULL));
    return 0;
}
