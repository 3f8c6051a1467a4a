/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/trust.h"
#include "tests/fuzz/sections.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* A host that is k roots behind comes to the same end. */
static void
walk_from (GPtrArray *chain, guint k, const TrustRoot *proven)
{
    g_autoptr (GPtrArray) begin = g_ptr_array_new ();
    g_autoptr (TrustRoot) stored = NULL, walked = NULL;
    Digest one = trust_fingerprint (proven), other;

    for (guint i = 0; i < k; i++)
        g_ptr_array_add (begin, chain->pdata[i]);
    stored = trust_prove (begin, NULL);
    g_assert_nonnull (stored);
    walked = trust_walk (stored, chain, NULL);
    g_assert_nonnull (walked);
    other = trust_fingerprint (walked);
    g_assert_true (digest_equal (&one, &other));
    g_assert_cmpuint (trust_number (walked), ==, chain->len);
    g_assert_cmpuint (trust_epoch (walked), >=, trust_epoch (stored));
}

/* What another chain has at a number that is there already must be the same. */
static void
walk_other (GPtrArray *sections, const TrustRoot *trust)
{
    g_autoptr (GPtrArray) chain = sections_chain (sections, "other-root", "other-vote");
    g_autoptr (TrustRoot) walked = trust_walk (trust, chain, NULL);

    for (guint i = 0; walked != NULL && i < MIN (chain->len, trust_chain (trust)->len); i++) {
        const SignedRoot *one = chain->pdata[i], *other = trust_chain (trust)->pdata[i];

        g_assert_true (g_bytes_equal (one->text, other->text));
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GPtrArray) sections = sections_split (data, size);
    g_autoptr (GPtrArray) chain = sections_chain (sections, "root", "vote");
    g_autoptr (GError) error = NULL;
    g_autoptr (TrustRoot) trust = trust_prove (chain, &error);

    g_assert_true ((trust == NULL) == (error != NULL));
    if (trust == NULL)
        return 0;
    g_assert_cmpuint (trust_chain (trust)->len, ==, chain->len);
    walk_from (chain, 1, trust);
    if (chain->len > 1)
        walk_from (chain, chain->len - 1, trust);
    walk_other (sections, trust);
    return 0;
}
