/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/trust.h"

#include "keys/root.h"
#include "keys/selftest.h"
#include "keys/trust-folder.h"
#include "keys/votes.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/packing.h"
#include "manifest/statement.h"
#include "manifest/message.h"

#include <string.h>

struct TrustRoot {
    GPtrArray *chain; /* SignedRoot */
    Root *root;       /* the last of it */
    char *site;       /* NULL: not told */
};

SignedRoot *
signed_root_new (GBytes *text)
{
    SignedRoot *root = g_new0 (SignedRoot, 1);

    root->text = g_bytes_ref (text);
    root->votes = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    return root;
}

void
signed_root_free (SignedRoot *root)
{
    if (root == NULL)
        return;
    g_bytes_unref (root->text);
    g_ptr_array_unref (root->votes);
    g_free (root);
}

void
trust_free (TrustRoot *root)
{
    if (root == NULL)
        return;
    g_ptr_array_unref (root->chain);
    root_free (root->root);
    g_free (root->site);
    g_free (root);
}

static TrustRoot *
trust_new (void)
{
    TrustRoot *trust = g_new0 (TrustRoot, 1);

    trust->chain = g_ptr_array_new_with_free_func ((GDestroyNotify)signed_root_free);
    return trust;
}

/* Do the keys of judge accept these bytes? Votes that count are added to kept (GBytes). */
static gboolean
check_root_votes (const Root *judge, const SignedRoot *root, const char *name, GPtrArray *kept,
                  GError **error)
{
    const RootRole *role = root_find_signing (judge, SIGNS_ROOT);
    g_autoptr (GPtrArray) signers = NULL;
    g_autoptr (RoleVotes) votes = NULL;

    signers = votes_find_signers (judge, root->text, root->votes, name, NULL, error);
    if (signers == NULL)
        return FALSE;
    votes = votes_judge_role (judge, role, signers);
    for (guint i = 0; i < signers->len; i++)
        if (signers->pdata[i] != NULL && votes_has_bytes_of (role->keys, signers->pdata[i]) &&
            !g_ptr_array_find (kept, root->votes->pdata[i], NULL))
            g_ptr_array_add (kept, root->votes->pdata[i]);
    return votes_check_role (votes, name, error);
}

/* The number behind the colon of a type line; 0: there is none. */
static guint64
format_number (const char *data, gsize length, const char *type_line)
{
    gsize stem = strcspn (type_line, ":") + 2;
    g_autofree char *digits = NULL;

    if (length <= stem || memcmp (data, type_line, stem) != 0)
        return 0;
    digits = g_strndup (data + stem, MIN (length - stem, 20));
    return g_ascii_isdigit (*digits) ? g_ascii_strtoull (digits, NULL, 10) : 0;
}

static gboolean
check_type_line (GBytes *text, const char *type_line, const char *what, GError **error)
{
    gsize length, expected = strlen (type_line);
    const char *data = g_bytes_get_data (text, &length);
    guint64 number = format_number (data, length, type_line);

    if (length > expected && memcmp (data, type_line, expected) == 0 && data[expected] == '\n')
        return TRUE;
    if (number > 1)
        return fail (error, ERR_FORMAT,
                     "the %s is of format %" G_GUINT64_FORMAT
                     ", and this handcarry knows format 1: a newer handcarry is needed",
                     what, number);
    return fail (error, ERR_TRUST,
                 "the %s does not begin with the line '%s': a signature of one "
                 "kind of file must not pass for another",
                 what, type_line);
}

static gboolean
check_succession (const Root *before, const Root *root, guint64 number, GError **error)
{
    if (root->number != number)
        return fail (error, ERR_TRUST,
                     "the root in place %" G_GUINT64_FORMAT
                     " of the chain calls itself number %" G_GUINT64_FORMAT,
                     number, root->number);
    if (before != NULL && root->epoch < before->epoch)
        return fail (error, ERR_TRUST,
                     "root %" G_GUINT64_FORMAT " lowers the epoch from %" G_GUINT64_FORMAT
                     " to %" G_GUINT64_FORMAT,
                     number, before->epoch, root->epoch);
    return TRUE;
}

/* One step: the threshold of the root before over the exact bytes first, only then YAML, then the
 * root's own threshold. Votes that nobody needs are left behind. */
static gboolean
take_step (TrustRoot *trust, const SignedRoot *next, GError **error)
{
    guint64 number = trust->chain->len + 1;
    g_autofree char *name = message_printf ("trust root %" G_GUINT64_FORMAT, number);
    g_autoptr (GPtrArray) kept = g_ptr_array_new ();
    g_autoptr (Root) root = NULL;
    SignedRoot *taken;

    if (number > LIMIT_ROOT_CHAIN)
        return fail (error, ERR_TRUST, "the chain has more than %d roots", LIMIT_ROOT_CHAIN);
    if (!check_type_line (next->text, ROOT_TYPE_LINE, name, error))
        return FALSE;
    if (trust->root != NULL && !check_root_votes (trust->root, next, name, kept, error))
        return fail_prefix (error, "keys of root %" G_GUINT64_FORMAT, number - 1);
    root = root_parse (next->text, name, error);
    if (root == NULL || !check_succession (trust->root, root, number, error))
        return FALSE;
    if (!check_root_votes (root, next, name, kept, error))
        return fail_prefix (error, "keys of root %" G_GUINT64_FORMAT " itself", number);
    taken = signed_root_new (next->text);
    for (guint i = 0; i < kept->len; i++)
        g_ptr_array_add (taken->votes, g_bytes_ref (kept->pdata[i]));
    g_ptr_array_add (trust->chain, taken);
    root_free (trust->root);
    trust->root = g_steal_pointer (&root);
    return TRUE;
}

TrustRoot *
trust_prove (GPtrArray *chain, GError **error)
{
    g_autoptr (TrustRoot) trust = trust_new ();

    if (!keys_start (error))
        return NULL;
    if (chain->len == 0)
        return fail_null (error, ERR_TRUST, "there is no trust root in it");
    for (guint i = 0; i < chain->len; i++)
        if (!take_step (trust, chain->pdata[i], error))
            return NULL;
    return g_steal_pointer (&trust);
}

TrustRoot *
trust_load (const char *dir, GError **error)
{
    g_autoptr (GPtrArray) chain = trust_folder_read (dir, TRUE, error);
    TrustRoot *trust;

    if (chain == NULL)
        return NULL;
    trust = trust_prove (chain, error);
    if (trust == NULL)
        fail_prefix (error, "trust folder '%s'", dir);
    return trust;
}

/* trust.md 22: two different roots of one number mean that somebody with the keys made a fork. */
static gboolean
check_same (const SignedRoot *stored, const SignedRoot *carried, guint number, GError **error)
{
    Digest ours, theirs;
    g_autofree char *our_text = NULL, *their_text = NULL;

    if (g_bytes_equal (stored->text, carried->text))
        return TRUE;
    ours = digest_of_bytes (stored->text);
    theirs = digest_of_bytes (carried->text);
    our_text = digest_to_hex (&ours);
    their_text = digest_to_hex (&theirs);
    return fail (error, ERR_TRUST,
                 "there are two different roots with the number %u: here %.16s…, carried %.16s…. "
                 "Nothing was taken; ask the people who hold the root keys",
                 number, our_text, their_text);
}

TrustRoot *
trust_walk (const TrustRoot *stored, GPtrArray *chain, GError **error)
{
    g_autoptr (TrustRoot) trust = NULL;

    for (guint i = 0; i < MIN (stored->chain->len, chain->len); i++)
        if (!check_same (stored->chain->pdata[i], chain->pdata[i], i + 1, error))
            return NULL;
    /* A chain that is carried proves itself from its first root on: votes on roots that are here
     * already would else be bytes that nobody looks at. */
    if (chain->len > 0 && chain->len < stored->chain->len) {
        g_autoptr (TrustRoot) carried = trust_prove (chain, error);

        if (carried == NULL)
            return NULL;
    }
    trust = trust_prove (chain->len < stored->chain->len ? stored->chain : chain, error);
    if (trust != NULL)
        trust->site = g_strdup (stored->site);
    return g_steal_pointer (&trust);
}

gboolean
trust_is_fork (const TrustRoot *stored, GPtrArray *chain)
{
    const SignedRoot *ours = stored->chain->pdata[0];
    const SignedRoot *theirs = chain->len > 0 ? chain->pdata[0] : NULL;
    g_autoptr (TrustRoot) proven = NULL;

    if (theirs == NULL || !g_bytes_equal (ours->text, theirs->text))
        return FALSE;
    for (guint i = 1; i < MIN (stored->chain->len, chain->len); i++)
        if (!check_same (stored->chain->pdata[i], chain->pdata[i], i + 1, NULL))
            return (proven = trust_prove (chain, NULL)) != NULL;
    return FALSE;
}

gboolean
trust_store (const TrustRoot *trust, const char *dir, guint64 from, GError **error)
{
    autofd int fd = file_make_dir_given (dir, 0755, error);

    if (fd < 0)
        return FALSE;
    for (guint64 i = from; i < trust->chain->len; i++)
        if (!trust_folder_add (fd, i + 1, trust->chain->pdata[i], error))
            return FALSE;
    return TRUE;
}

GPtrArray *
trust_chain (const TrustRoot *root)
{
    return root->chain;
}

guint64
trust_number (const TrustRoot *root)
{
    return root->root->number;
}

guint64
trust_epoch (const TrustRoot *root)
{
    return root->root->epoch;
}

const struct Root *
trust_values (const TrustRoot *root)
{
    return root->root;
}

Digest
trust_fingerprint (const TrustRoot *root)
{
    const SignedRoot *newest = root->chain->pdata[root->chain->len - 1];

    return digest_of_bytes (newest->text);
}

void
trust_set_site (TrustRoot *root, const char *site)
{
    g_free (root->site);
    root->site = g_strdup (site);
}

gboolean
trust_check_votes (const TrustRoot *root, SignedKind kind, GBytes *text, GPtrArray *votes,
                   VoteReport *report, GError **error)
{
    RoleSigns signs = kind == SIGNED_STATEMENT ? SIGNS_STATEMENT : SIGNS_PACKING;
    const char *line = kind == SIGNED_STATEMENT ? STATEMENT_TYPE_LINE : PACKING_TYPE_LINE;
    const char *what = root_signs_name (signs);

    return keys_start (error) && check_type_line (text, line, what, error) &&
           votes_judge_text (root->root, root->site, signs, text, votes, report, error);
}

gboolean
trust_check_product (const TrustRoot *root, const char *product, GError **error)
{
    for (guint i = 0; i < root->root->roles->len; i++) {
        const RootRole *role = root->root->roles->pdata[i];

        if (role->products == NULL ||
            g_strv_contains ((const char *const *)role->products, product))
            continue;
        if (votes_role_applies (role, SIGNS_STATEMENT, root->site) ||
            votes_role_applies (role, SIGNS_PACKING, root->site))
            return fail (error, ERR_POLICY,
                         "the trust root does not let role '%s' sign the product '%s'", role->name,
                         product);
    }
    return TRUE;
}

VoteReport *
vote_report_new (void)
{
    VoteReport *report = g_new0 (VoteReport, 1);

    report->roles = g_ptr_array_new_with_free_func ((GDestroyNotify)votes_role_free);
    report->ignored = g_ptr_array_new_with_free_func (g_free);
    report->files = g_ptr_array_new_with_free_func (g_free);
    return report;
}

void
vote_report_free (VoteReport *report)
{
    if (report == NULL)
        return;
    g_ptr_array_unref (report->roles);
    g_ptr_array_unref (report->ignored);
    g_ptr_array_unref (report->files);
    g_free (report);
}
