/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/candidates.h"
#include "install/choose.h"
#include "install/plan.h"
#include "install/policy.h"
#include "install/run-open.h"
#include "install/run.h"
#include "install/tree-source.h"
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
    const ChooseHost host = { engine_info (run->engine)->store, images, ours,
                              run->state != NULL ? &run->state->digest : NULL };

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
    g_autoptr (GPtrArray) taken = g_ptr_array_new ();

    for (guint i = 0; i < chain->len; i++)
        g_ptr_array_add (taken, find (candidates, chain->pdata[i]));
    for (guint i = 0; i < taken->len; i++) {
        Candidate *candidate = taken->pdata[i];
        VerifiedBundle *verified = g_steal_pointer (&candidate->verified);
        VoteReport *votes = g_steal_pointer (&candidate->votes);

        if (i + 1 < taken->len)
            run_add_link (run, verified, votes);
        else
            run_take (run, verified, votes);
    }
}

/* Opens and takes what seems best. *sure: there was nothing to choose. */
static gboolean
take_best (Run *run, GHashTable *excluded, gboolean *sure, GError **error)
{
    g_autoptr (Candidates) candidates = candidates_open (run, excluded, error);
    g_autoptr (GPtrArray) bundles = NULL, chain = NULL;
    const ChooseBundle *newest;

    if (candidates == NULL || !candidates_narrow (candidates, run, error))
        return FALSE;
    bundles = describe (candidates);
    if (!choose_newest (bundles, &newest, error) ||
        !run_open_states (run, newest->statement->release->product, error) ||
        !policy_check_number (run, find (candidates, newest)->verified, error))
        return FALSE;
    *sure = bundles->len == 1;
    chain = *sure ? g_ptr_array_ref (bundles) : choose (run, bundles, newest, error);
    if (chain == NULL)
        return FALSE;
    take (run, candidates, chain);
    return TRUE;
}

static gboolean
pass_piece (const char *path, gboolean executable, guint64 size, const guint8 *piece, gsize length,
            gboolean last, gpointer data, GError **error)
{
    return TRUE;
}

/* What a plan reads of the last bundle besides recipes. */
static gboolean
check_tree (Run *run, const char **path, GError **error)
{
    *path = bundle_path (run->bundle);
    return tree_source_read (run, pass_piece, NULL, error);
}

/* Takes the best that is left. FALSE with *path NULL: there is nothing to pass over any more. */
static gboolean
try_best (Run *run, GHashTable *excluded, const char **path, GError **error)
{
    gboolean sure = FALSE;

    *path = NULL;
    return take_best (run, excluded, &sure, error) &&
           (sure || (plan_images (run, path, error) && check_tree (run, path, error)));
}

static gboolean
may_pass_over (const GError *problem)
{
    return g_error_matches (problem, HANDCARRY_ERROR, ERR_BASE_MISSING) ||
           g_error_matches (problem, HANDCARRY_ERROR, ERR_FORMAT);
}

/* Texts say what should fit; whether it does shows when recipes and files are looked at. What does
 * not is passed over for the next best, which brings the same release: an older one is not what was
 * asked for. */
gboolean
run_choose (Run *run, GError **error)
{
    g_autoptr (GHashTable) excluded =
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_error_free);
    g_autoptr (GError) first = NULL;
    guint64 wanted = 0;

    for (;;) {
        g_autoptr (GError) problem = NULL;
        const char *path;
        gboolean found = try_best (run, excluded, &path, &problem);

        if (found && run->release->release >= wanted)
            return TRUE;
        if (path == NULL || found || !may_pass_over (problem)) {
            if (first != NULL && (found || may_pass_over (problem)))
                g_propagate_error (error, g_steal_pointer (&first));
            else
                g_propagate_error (error, g_steal_pointer (&problem));
            return FALSE;
        }
        wanted = run->release->release;
        g_hash_table_insert (excluded, g_strdup (path), g_error_copy (problem));
        if (first == NULL)
            first = g_steal_pointer (&problem);
        run_drop_bundles (run);
    }
}
