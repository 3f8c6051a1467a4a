/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/vote-files.h"

#include "keys/root.h"
#include "keys/signature.h"
#include "keys/votes.h"
#include "manifest/digest.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/message.h"

#include <string.h>

#define SUFFIX ".vote"

/* The search for votes on one statement. */
typedef struct {
    int dirfd;
    char *stem;   /* how the bundle is named, without what all bundles end in */
    char *digest; /* "sha256:…" of the statement */
    MessageHash hash;
    const Root *root;
    GPtrArray *votes;
    VoteReport *report;
} Search;

static void
search_clear (Search *search)
{
    file_clear_fd (&search->dirfd);
    g_free (search->stem);
    g_free (search->digest);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Search, search_clear)

static char *
stem_of (const char *name)
{
    const char *end = strstr (name, ".tar.zst");

    return end != NULL ? g_strndup (name, (gsize)(end - name)) : g_strdup (name);
}

/* A regular file and no link: nothing that the medium says opens something else. */
static GBytes *
read_vote (int dirfd, const char *name, GError **error)
{
    g_autoptr (GBytes) text = file_read_below (dirfd, name, LIMIT_SIGNATURE_BYTES, error);

    return text != NULL ? signature_rewrite (text, "vote", error) : NULL;
}

static gboolean
has_vote (const GPtrArray *votes, GBytes *vote)
{
    for (guint i = 0; i < votes->len; i++)
        if (g_bytes_equal (votes->pdata[i], vote))
            return TRUE;
    return FALSE;
}

static gboolean
is_meant (const Search *search, const char *name, GBytes *vote)
{
    g_autoptr (Signature) signature = vote != NULL ? signature_parse (vote, "vote", NULL) : NULL;

    return g_str_has_prefix (name, search->stem) ||
           (signature != NULL && strstr (signature->comment, search->digest) != NULL);
}

static void
ignore (const Search *search, const char *name, const char *why)
{
    g_autofree char *shown = error_quote (name), *reason = error_quote (why);

    g_ptr_array_add (search->report->ignored,
                     message_printf ("the vote in '%s' does not count: %s", shown, reason));
}

static void
look_at (const Search *search, const char *name)
{
    g_autoptr (GError) problem = NULL;
    g_autoptr (GBytes) vote = read_vote (search->dirfd, name, &problem);

    if (vote == NULL || votes_find_signer (search->root, &search->hash, vote, &problem) == NULL) {
        if (is_meant (search, name, vote))
            ignore (search, name, problem->message);
    } else if (has_vote (search->votes, vote)) {
        return;
    } else if (search->votes->len >= LIMIT_VOTES) {
        ignore (search, name, "there are as many others as are looked at");
    } else {
        g_ptr_array_add (search->votes, g_bytes_ref (vote));
        g_ptr_array_add (search->report->files, error_quote (name));
    }
}

void
vote_files_add (const char *bundle_path, GBytes *statement, const Root *root, GPtrArray *votes,
                VoteReport *report)
{
    g_autofree char *name = NULL;
    Digest digest = digest_of_bytes (statement);
    g_auto (Search) search = { .dirfd = file_open_parent (bundle_path, &name, NULL),
                               .hash = message_hash (statement),
                               .root = root,
                               .votes = votes,
                               .report = report };
    g_autoptr (GPtrArray) names = NULL;
    guint looked = 0;

    if (search.dirfd < 0)
        return;
    search.stem = stem_of (name);
    search.digest = digest_to_text (&digest);
    names = file_list (search.dirfd, bundle_path, NULL);
    for (guint i = 0; names != NULL && i < names->len; i++) {
        if (!g_str_has_suffix (names->pdata[i], SUFFIX))
            continue;
        if (++looked > LIMIT_VOTE_FILES) {
            ignore (&search, names->pdata[i],
                    "it and those after it, as only " G_STRINGIFY (
                        LIMIT_VOTE_FILES) " files *.vote beside a bundle are looked at");
            return;
        }
        look_at (&search, names->pdata[i]);
    }
}
