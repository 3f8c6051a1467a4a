/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/candidates.h"
#include "install/choose.h"
#include "install/run.h"
#include "manifest/error.h"

/* A run that was given a folder, or several bundles. */

static GPtrArray *
describe (const Candidates *candidates)
{
    GPtrArray *bundles = g_ptr_array_new_with_free_func (g_free);

    for (guint i = 0; i < candidates->list->len; i++) {
        const Candidate *candidate = candidates->list->pdata[i];
        const Bundle *bundle = verified_bundle_get (candidate->verified);
        ChooseBundle *one = g_new0 (ChooseBundle, 1);

        one->path = bundle_path (bundle);
        one->bytes = bundle_file_bytes (bundle);
        one->release = bundle_release_digest (bundle);
        one->statement = bundle_statement (bundle);
        one->packing = bundle_packing (bundle);
        g_ptr_array_add (bundles, one);
    }
    return bundles;
}

static void
add_manifests (GHashTable *ours, const State *state)
{
    for (guint i = 0; state != NULL && i < state->manifests->len; i++)
        g_hash_table_add (ours, &g_array_index (state->manifests, Digest, i));
}

/* As the plan will count images on the containerd store. */
static GHashTable *
our_manifests (const Run *run, const Statement *newest)
{
    GHashTable *ours = g_hash_table_new (digest_hash_key, digest_equal_key);

    for (guint i = 0; i < newest->images->len; i++)
        g_hash_table_add (ours, &((StatementImage *)newest->images->pdata[i])->manifest);
    add_manifests (ours, run->state);
    for (guint i = 0; i < run->others->len; i++)
        add_manifests (ours, run->others->pdata[i]);
    return ours;
}

static GPtrArray *
choose (Run *run, GPtrArray *bundles, const ChooseBundle *newest, GError **error)
{
    g_autoptr (GPtrArray) images = engine_inspect_all (run->engine, error);
    g_autoptr (GHashTable) ours = our_manifests (run, newest->statement);
    const ChooseHost host = { engine_info (run->engine)->store, images, ours };

    return images != NULL ? choose_chain (bundles, &host, error) : NULL;
}

static Candidate *
find (const Candidates *candidates, const ChooseBundle *chosen)
{
    for (guint i = 0; i < candidates->list->len; i++) {
        Candidate *candidate = candidates->list->pdata[i];

        if (bundle_statement (verified_bundle_get (candidate->verified)) == chosen->statement)
            return candidate;
    }
    g_assert_not_reached ();
}

/* The last of the chain is what will be installed. */
static void
take (Run *run, const Candidates *candidates, GPtrArray *chain)
{
    for (guint i = 0; i < chain->len; i++) {
        Candidate *candidate = find (candidates, chain->pdata[i]);
        VerifiedBundle *verified = g_steal_pointer (&candidate->verified);
        VoteReport *votes = g_steal_pointer (&candidate->votes);

        if (i + 1 < chain->len)
            run_add_link (run, verified, votes);
        else
            run_take (run, verified, votes);
    }
}

gboolean
run_choose (Run *run, const TrustRoot *trust, GError **error)
{
    g_autoptr (Candidates) candidates = candidates_open (run, trust, error);
    g_autoptr (GPtrArray) bundles = NULL, chain = NULL;
    const ChooseBundle *newest;

    if (candidates == NULL || !candidates_narrow (candidates, run, error))
        return FALSE;
    bundles = describe (candidates);
    if (!choose_newest (bundles, &newest, error) ||
        !run_open_states (run, newest->statement->release->product, error) ||
        !run_check_number (run, verified_bundle_get (find (candidates, newest)->verified), error))
        return FALSE;
    /* What the only one lacks is told in detail by its plan. */
    chain = bundles->len == 1 ? g_ptr_array_ref (bundles) : choose (run, bundles, newest, error);
    if (chain == NULL)
        return FALSE;
    take (run, candidates, chain);
    return TRUE;
}
