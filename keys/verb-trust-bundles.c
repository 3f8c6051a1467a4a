/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/parts.h"
#include "bundle/tail.h"
#include "bundle/vote-files.h"
#include "keys/verb-trust-change.h"
#include "keys/votes.h"
#include "manifest/error.h"

/* No vote helps a bundle of an older epoch. */
static void
print_epoch (const VerbOutput *output, const Proposal *proposal)
{
    guint64 before = proposal->trust != NULL ? trust_epoch (proposal->trust) : 0;

    if (proposal->root->epoch > before)
        verb_print (output,
                    "\nThe epoch is raised: hosts will refuse every bundle packed so far. What is "
                    "still needed\nis packed again, with 'epoch: %" G_GUINT64_FORMAT
                    "' in its release.yaml.\n",
                    proposal->root->epoch);
}

/* Why the bundle would be refused, or NULL. Nothing of its texts is parsed: any file may lie
 * there. */
static gboolean
judge (const char *path, const Root *root, char **why, GError **error)
{
    g_autoptr (Parts) parts = parts_open (path, error);
    g_autoptr (Tail) tail = parts != NULL ? tail_read (parts, error) : NULL;
    g_autoptr (VoteReport) report = vote_report_new ();
    g_autoptr (GError) problem = NULL;

    if (tail == NULL)
        return fail_prefix (error, "%s", path);
    vote_files_add (path, tail->statement, root, tail->statement_votes, report);
    if (!votes_judge_text (root, NULL, SIGNS_STATEMENT, tail->statement, tail->statement_votes,
                           report, &problem) ||
        !votes_judge_text (root, NULL, SIGNS_PACKING, tail->packing, tail->packing_votes, report,
                           &problem))
        *why = g_strdup (problem->message);
    return TRUE;
}

static guint
print_those_that_want_votes (const VerbOutput *output, const Root *root, GPtrArray *files)
{
    guint wanting = 0;

    for (guint i = 0; i < files->len; i++) {
        const char *path = files->pdata[i];
        g_autofree char *why = NULL, *shown = error_quote (path);
        g_autoptr (GError) problem = NULL;

        if (!judge (path, root, &why, &problem)) {
            verb_warn ("%s", problem->message);
            continue;
        }
        if (why == NULL)
            continue;
        if (wanting++ == 0)
            verb_print (output, "\nKept bundles that hosts would refuse with this root:\n");
        verb_print (output, "  %s: %s\n", shown, why);
    }
    return wanting;
}

gboolean
trust_change_list_bundles (const VerbOutput *output, const Proposal *proposal, char **paths,
                           GError **error)
{
    static char *here[] = { ".", NULL };
    g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_free);

    for (char **path = paths != NULL && *paths != NULL ? paths : here; *path != NULL; path++) {
        GPtrArray *found;

        if (!g_file_test (*path, G_FILE_TEST_IS_DIR)) {
            g_ptr_array_add (files, g_strdup (*path));
            continue;
        }
        found = parts_list_folder (*path, error);
        if (found == NULL)
            return FALSE;
        g_ptr_array_extend_and_steal (files, found);
    }
    if (print_those_that_want_votes (output, proposal->root, files) > 0)
        verb_print (output, "Each of them wants new votes, from keys that count: handcarry sign "
                            "BUNDLE --key KEY\n");
    else if (files->len > 0)
        verb_print (output,
                    "\n%u kept bundle%s looked at: their votes are enough with this root.\n",
                    files->len, files->len == 1 ? "" : "s");
    print_epoch (output, proposal);
    return TRUE;
}
