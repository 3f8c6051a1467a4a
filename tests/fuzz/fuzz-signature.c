/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/signature.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* What is taken is written the same way but for the comment nobody signed. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) input = g_bytes_new (data, size);
    g_autoptr (Signature) signature = signature_parse (input, "input", NULL), again = NULL;
    g_autoptr (GBytes) written = NULL;
    PublicKey key = { 0 };
    MessageHash hash;

    if (signature == NULL)
        return 0;
    written = signature_write (signature);
    again = signature_parse (written, "written", NULL);
    g_assert (again != NULL && g_str_equal (again->comment, signature->comment));
    memcpy (key.id, signature->id, sizeof key.id);
    hash = message_hash (input);
    (void)!signature_check (signature, &key, &hash, NULL);
    key.id[0]++;
    g_assert_false (signature_check (signature, &key, &hash, NULL));
    return 0;
}
