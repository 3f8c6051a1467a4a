/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/candidates.h"

#include "bundle/parts.h"
#include "install/policy.h"
#include "install/run-open.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static void
candidate_free (gpointer data)
{
    Candidate *candidate = data;

    g_clear_pointer (&candidate->verified, verified_bundle_free);
    vote_report_free (candidate->votes);
    g_free (candidate);
}

void
candidates_free (Candidates *candidates)
{
    if (candidates == NULL)
        return;
    g_ptr_array_unref (candidates->list);
    g_clear_error (&candidates->why);
    g_free (candidates);
}

static Bundle *
bundle_of (const Candidate *candidate)
{
    return verified_bundle_get (candidate->verified);
}

static const Release *
release_of (const Candidate *candidate)
{
    return bundle_statement (bundle_of (candidate))->release;
}

/* Takes problem. */
static void
pass_over (Candidates *candidates, Run *run, const char *path, GError *problem)
{
    g_autofree char *shown = error_quote (path);
    g_autofree char *prefix = g_strconcat (shown, ": ", NULL);
    const char *why = problem->message;

    if (g_str_has_prefix (why, prefix))
        why += strlen (prefix);
    run_note (run, "'%s' is passed over: %s", shown, why);
    if (candidates->why == NULL)
        candidates->why = problem;
    else
        g_error_free (problem);
}

static gboolean
add_bundle (Candidates *candidates, Run *run, const char *path, GHashTable *excluded,
            GError **error)
{
    const GError *why = g_hash_table_lookup (excluded, path);
    Candidate *candidate;

    if (why != NULL) {
        pass_over (candidates, run, path, g_error_copy (why));
        return TRUE;
    }
    candidate = g_new0 (Candidate, 1);
    candidate->votes = vote_report_new ();
    candidate->verified = run_trust_open_bundle (run->trust, path, candidate->votes, error);
    if (candidate->verified == NULL) {
        candidate_free (candidate);
        return FALSE;
    }
    g_ptr_array_add (candidates->list, candidate);
    return TRUE;
}

static gboolean
add_folder (Candidates *candidates, Run *run, const char *path, GHashTable *excluded,
            GError **error)
{
    g_autoptr (GPtrArray) files = parts_list_folder (path, error);

    if (files == NULL)
        return FALSE;
    for (guint i = 0; i < files->len; i++) {
        const char *file = files->pdata[i];
        g_autoptr (GError) problem = NULL;

        if (!add_bundle (candidates, run, file, excluded, &problem))
            pass_over (candidates, run, file, g_steal_pointer (&problem));
    }
    return TRUE;
}

gboolean
candidates_is_folder (const char *path)
{
    struct stat st;

    return fstatat (AT_FDCWD, path, &st, 0) == 0 && S_ISDIR (st.st_mode);
}

static gboolean
open_paths (Candidates *candidates, Run *run, GHashTable *excluded, GError **error)
{
    for (guint i = 0; run->options.paths[i] != NULL; i++) {
        const char *path = run->options.paths[i];

        if (run_trust_is_name (path) && !candidates_is_folder (path))
            continue;
        if (candidates_is_folder (path) ? !add_folder (candidates, run, path, excluded, error)
                                        : !add_bundle (candidates, run, path, excluded, error))
            return FALSE;
    }
    return TRUE;
}

Candidates *
candidates_open (Run *run, GHashTable *excluded, GError **error)
{
    g_autoptr (Candidates) candidates = g_new0 (Candidates, 1);

    g_ptr_array_set_size (run->notes, (gint)run->lasting_notes);
    candidates->list = g_ptr_array_new_with_free_func (candidate_free);
    return open_paths (candidates, run, excluded, error) ? g_steal_pointer (&candidates) : NULL;
}

static char *
name_one_each (const Candidates *candidates)
{
    g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    GString *names = g_string_new (NULL);

    for (guint i = 0; i < candidates->list->len; i++) {
        const Candidate *candidate = candidates->list->pdata[i];
        const Release *release = release_of (candidate);
        char *name = g_strdup_printf ("%s (%s)", release->product, release->channel);

        if (!g_hash_table_contains (seen, name))
            g_string_append_printf (names, "\n  %s: '%s'", name,
                                    bundle_path (bundle_of (candidate)));
        g_hash_table_add (seen, name);
    }
    return g_string_free (names, FALSE);
}

static gboolean
check_one_product (const Candidates *candidates, GError **error)
{
    const Release *first = release_of (candidates->list->pdata[0]);

    for (guint i = 1; i < candidates->list->len; i++) {
        const Release *other = release_of (candidates->list->pdata[i]);
        g_autofree char *names = NULL;

        if (strcmp (first->product, other->product) == 0 &&
            strcmp (first->channel, other->channel) == 0)
            continue;
        names = name_one_each (candidates);
        return fail (error, ERR_USAGE,
                     "one product and channel is installed at a time, and there are bundles of "
                     "several; name the files of one:%s",
                     names);
    }
    return TRUE;
}

gboolean
candidates_narrow (Candidates *candidates, Run *run, GError **error)
{
    for (guint i = 0; i < candidates->list->len;) {
        const Candidate *candidate = candidates->list->pdata[i];
        GError *problem = NULL;

        if (policy_check_target (run, bundle_statement (bundle_of (candidate)), &problem)) {
            i++;
            continue;
        }
        pass_over (candidates, run, bundle_path (bundle_of (candidate)), problem);
        g_ptr_array_remove_index (candidates->list, i);
    }
    if (candidates->list->len > 0)
        return check_one_product (candidates, error);
    if (candidates->why != NULL) {
        g_propagate_error (error, g_steal_pointer (&candidates->why));
        return FALSE;
    }
    return fail (error, ERR_USAGE, "there is no bundle (NAME.tar.zst) in '%s'", run->options.given);
}
