/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/vote-files.h"
#include "keys/trust-host.h"
#include "keys/trust.h"
#include "tests/fuzz/sections.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static GPtrArray *
take_votes (GPtrArray *sections)
{
    g_autoptr (GPtrArray) found = sections_all (sections, "vote");
    GPtrArray *votes = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

    for (guint i = 0; i < found->len; i++)
        g_ptr_array_add (votes, g_bytes_ref (found->pdata[i]));
    return votes;
}

/* A role is content with as many different keys as its threshold says and with no fewer. */
static void
judge (const TrustRoot *trust, SignedKind kind, GBytes *text, GPtrArray *votes)
{
    g_autoptr (VoteReport) report = vote_report_new ();
    g_autoptr (GError) error = NULL;
    gboolean good = trust_check_votes (trust, kind, text, votes, report, &error);

    g_assert_true (good == (error == NULL));
    for (guint i = 0; i < report->roles->len; i++) {
        const RoleVotes *role = report->roles->pdata[i];

        g_assert_true (!good || (role->threshold > 0 && role->voted->len >= role->threshold));
        g_assert_cmpuint (role->voted->len, <=, votes->len);
    }
    g_assert_true (!good || report->roles->len > 0);
}

/* Each section "beside" is a file *.vote beside a bundle; each key among all counts once. */
static void
add_beside (GPtrArray *sections, const TrustRoot *trust, GBytes *text, GPtrArray *votes)
{
    g_autoptr (GPtrArray) files = sections_all (sections, "beside");
    g_autoptr (VoteReport) report = vote_report_new ();
    g_autofree char *bundle = scratch_path ("p-1.tar.zst");
    guint before = votes->len;

    for (guint i = 0; i < MIN (files->len, 3); i++) {
        g_autofree char *name = g_strdup_printf ("%s%u.vote", i > 0 ? "p-1" : "", i);

        scratch_write (name, g_bytes_get_data (files->pdata[i], NULL),
                       g_bytes_get_size (files->pdata[i]));
    }
    vote_files_add (bundle, text, trust_values (trust), votes, report);
    g_assert_cmpuint (votes->len - before, <=, 3);
    for (guint i = 0; i < 3; i++) {
        g_autofree char *name = g_strdup_printf ("%s%u.vote", i > 0 ? "p-1" : "", i);

        scratch_remove (name);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GPtrArray) sections = sections_split (data, size);
    g_autoptr (GPtrArray) votes = take_votes (sections);
    g_autoptr (GPtrArray) chain = sections_chain (sections, "root", "vote-root");
    g_autoptr (TrustRoot) trust = trust_prove (chain, NULL);
    GBytes *text = sections_find (sections, "text");
    GBytes *site = sections_find (sections, "site");

    if (trust == NULL || text == NULL)
        return 0;
    if (site != NULL) {
        gsize length = g_bytes_get_size (site);
        g_autofree char *name = g_strndup (length > 0 ? g_bytes_get_data (site, NULL) : "", length);

        trust_set_site (trust, name);
        (void)!trust_check_product (trust, name, NULL);
    }
    if (sections_find (sections, "beside") != NULL)
        add_beside (sections, trust, text, votes);
    judge (trust, SIGNED_STATEMENT, text, votes);
    judge (trust, SIGNED_PACKING, text, votes);
    for (guint i = 0; i < votes->len; i++) {
        const char *host =
            trust_check_host (trust, "handcarry-have: 1", text, votes->pdata[i], "have file", NULL);

        (void)host;
    }
    return 0;
}
