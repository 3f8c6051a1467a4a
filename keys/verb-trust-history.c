/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/signature.h"
#include "keys/verb-trust-show.h"

#include <string.h>

void
trust_history_init (TrustHistory *history, const TrustRoot *trust)
{
    GPtrArray *chain = trust_chain (trust);

    history->roots = g_ptr_array_new_with_free_func ((GDestroyNotify)root_free);
    for (guint i = 0; i < chain->len; i++) {
        /* They were parsed when the chain was proven. */
        Root *root = root_parse (((const SignedRoot *)chain->pdata[i])->text, "trust root", NULL);

        g_assert (root != NULL);
        g_ptr_array_add (history->roots, root);
    }
}

void
trust_history_clear (TrustHistory *history)
{
    g_clear_pointer (&history->roots, g_ptr_array_unref);
}

const char *
trust_history_name (const TrustHistory *history, const PublicKey *key)
{
    for (guint i = history->roots->len; i > 0; i--) {
        const Root *root = history->roots->pdata[i - 1];

        for (guint k = 0; k < root->keys->len; k++) {
            const RootKey *known = root->keys->pdata[k];

            if (public_key_equal (&known->key, key))
                return known->name;
        }
    }
    return NULL;
}

guint64
trust_history_revoked_since (const TrustHistory *history, const PublicKey *key)
{
    for (guint i = 0; i < history->roots->len; i++)
        if (root_find_revoked (history->roots->pdata[i], key) != NULL)
            return i + 1;
    return history->roots->len;
}

static const char *
name_of_id (const Root *root, const guint8 id[PUBLIC_KEY_ID_BYTES])
{
    for (guint i = 0; i < root->keys->len; i++) {
        const RootKey *key = root->keys->pdata[i];

        if (memcmp (key->key.id, id, PUBLIC_KEY_ID_BYTES) == 0)
            return key->name;
    }
    return NULL;
}

GPtrArray *
trust_history_signers (const TrustHistory *history, const SignedRoot *root, guint64 number)
{
    GPtrArray *names = g_ptr_array_new_with_free_func (g_free);

    for (guint i = 0; i < root->votes->len; i++) {
        g_autoptr (Signature) vote = signature_parse (root->votes->pdata[i], "vote", NULL);
        g_autofree char *id = vote != NULL ? public_key_id_to_text (vote->id) : NULL;
        const char *name = NULL;

        if (vote == NULL)
            continue;
        name = name_of_id (history->roots->pdata[number - 1], vote->id);
        if (name == NULL && number > 1)
            name = name_of_id (history->roots->pdata[number - 2], vote->id);
        g_ptr_array_add (names, g_strdup_printf ("%s (%s)", name != NULL ? name : "?", id));
    }
    return names;
}
