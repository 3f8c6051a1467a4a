/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/secret.h"
#include "manifest/error.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* scrypt would make each run last seconds. */
static char *
no_password (const char *prompt, gpointer data, GError **error)
{
    return fail_null (error, ERR_USAGE, "no password");
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
