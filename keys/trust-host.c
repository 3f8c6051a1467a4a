/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/trust-host.h"

#include "keys/root.h"
#include "keys/selftest.h"
#include "keys/signature.h"
#include "manifest/error.h"
#include "manifest/message.h"

#include <string.h>

static gboolean
has_type_line (GBytes *text, const char *type_line)
{
    gsize length, expected = strlen (type_line);
    const char *data = g_bytes_get_data (text, &length);

    return length > expected && memcmp (data, type_line, expected) == 0 && data[expected] == '\n';
}

static gboolean
has_id (const PublicKey *key, const Signature *signature)
{
    return memcmp (key->id, signature->id, sizeof signature->id) == 0;
}

static const RootKey *
find_host (const Root *root, const Signature *signature)
{
    for (guint i = 0; i < root->roles->len; i++) {
        const RootRole *role = root->roles->pdata[i];

        for (guint j = 0; role->signs == SIGNS_RECEIPT && j < role->keys->len; j++) {
            const RootKey *key = role->keys->pdata[j];

            if (has_id (&key->key, signature))
                return key;
        }
    }
    return NULL;
}

static gboolean
fail_revoked (const Signature *signature, const char *what, GError **error)
{
    g_autofree char *id = public_key_id_to_text (signature->id);

    return fail (error, ERR_TRUST,
                 "the %s is signed by the key %s, which is revoked; the host needs a new key: "
                 "remove its host.key and host.pub there and make the file again",
                 what, id);
}

static gboolean
fail_not_enrolled (const Root *root, const Signature *signature, const char *what, GError **error)
{
    g_autofree char *id = public_key_id_to_text (signature->id);

    for (guint i = 0; i < root->revoked->len; i++)
        if (has_id (&((const RootRevoked *)root->revoked->pdata[i])->key, signature))
            return fail_revoked (signature, what, error);
    return fail (error, ERR_TRUST,
                 "the %s is signed by the key %s, which is no host's in trust root "
                 "%" G_GUINT64_FORMAT "; compare FILE.pub beside it with what the host shows, then "
                 "once: handcarry trust add --host NAME --key FILE.pub --sign root.key",
                 what, id, root->number);
}

const char *
trust_check_host (const TrustRoot *trust, const char *type_line, GBytes *text, GBytes *signature,
                  const char *what, GError **error)
{
    const Root *root = trust_values (trust);
    g_autoptr (Signature) parsed = NULL;
    const RootKey *key;
    MessageHash hash;

    if (!keys_start (error))
        return NULL;
    if (!has_type_line (text, type_line))
        return fail_null (error, ERR_TRUST,
                          "the %s does not begin with the line '%s': a signature of one kind of "
                          "file must not pass for another",
                          what, type_line);
    parsed = signature_parse (signature, "signature of the host", error);
    if (parsed == NULL)
        return NULL;
    key = find_host (root, parsed);
    if (key == NULL)
        return fail_not_enrolled (root, parsed, what, error), NULL;
    hash = message_hash (text);
    if (!signature_check (parsed, &key->key, &hash, error))
        return fail_prefix (error, "the %s is not as host '%s' signed it", what, key->name), NULL;
    if (root_find_revoked (root, &key->key) != NULL)
        return fail_revoked (parsed, what, error), NULL;
    return key->name;
}
