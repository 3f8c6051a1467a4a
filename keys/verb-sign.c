/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/verb-sign.h"

#include "bundle/tail.h"
#include "keys/signature.h"
#include "keys/verb-signer.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"

#include <fcntl.h>
#include <unistd.h>

#define VOTE_SUFFIX ".vote"

typedef struct {
    VerbOutput output;
    SignerOptions signer;
    char *vote_out, *packing_out, *add, *base;
} Options;

static void
options_clear (Options *options)
{
    signer_options_clear (&options->signer);
    g_free (options->vote_out);
    g_free (options->packing_out);
    g_free (options->add);
    g_free (options->base);
}

static GBytes *
sign_statement (const Signer *signer, const SignTexts *texts, GError **error)
{
    g_autofree char *comment = tail_statement_comment (texts->statement, error);

    return comment != NULL ? signer_sign (signer, texts->statement, comment, error) : NULL;
}

static GBytes *
sign_packing (const Signer *signer, const SignTexts *texts, GError **error)
{
    g_autofree char *comment = tail_packing_comment (texts->statement, texts->packing, error);

    return comment != NULL ? signer_sign (signer, texts->packing, comment, error) : NULL;
}

/* The same key over the same text gives the same file, so one that is there and equal is done. */
static gboolean
write_vote (const Options *options, const char *path, GBytes *vote, GError **error)
{
    g_autofree char *name = NULL;
    autofd int dirfd = file_open_parent (path, &name, error);
    g_autoptr (GBytes) old = NULL;

    if (dirfd < 0)
        return FALSE;
    if (faccessat (dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
        old = file_read_below (dirfd, name, LIMIT_SIGNATURE_BYTES, NULL);
        if (old == NULL || !g_bytes_equal (old, vote))
            return fail (error, ERR_FAILED, "'%s' is there already and is another file", path);
        verb_print (&options->output, "'%s' holds this vote already.\n", path);
        return TRUE;
    }
    if (!file_create (dirfd, name, vote, 0644, error))
        return FALSE;
    verb_print (&options->output, "Vote written to '%s'.\n", path);
    if (path == options->packing_out)
        return TRUE;
    verb_print (&options->output,
                g_str_has_suffix (path, VOTE_SUFFIX)
                    ? "It counts where it lies beside the bundle, or after 'handcarry sign BUNDLE "
                      "--add'.\n"
                    : "It counts beside the bundle as a file NAME" VOTE_SUFFIX
                      ", or after 'handcarry sign BUNDLE --add'.\n");
    return TRUE;
}

static gboolean
sign_with_key (const Options *options, const char *path, const SignTexts *texts, GError **error)
{
    g_autoptr (Signer) signer = signer_load (&options->signer, error);
    g_autoptr (GBytes) vote = signer != NULL ? sign_statement (signer, texts, error) : NULL;
    g_autoptr (GBytes) packing_vote = NULL;
    g_autofree char *id = NULL, *beside = NULL;

    if (vote == NULL)
        return FALSE;
    id = public_key_id (&signer->key);
    beside = g_strdup_printf ("%s.%s" VOTE_SUFFIX, path, id);
    if (options->packing_out != NULL || (options->vote_out == NULL && texts->packing != NULL)) {
        packing_vote = sign_packing (signer, texts, error);
        if (packing_vote == NULL)
            return FALSE;
    }
    if (options->vote_out != NULL || texts->packing == NULL)
        return write_vote (options, options->vote_out != NULL ? options->vote_out : beside, vote,
                           error) &&
               (packing_vote == NULL ||
                write_vote (options, options->packing_out, packing_vote, error));
    if (!tail_add_votes (path, vote, packing_vote, error))
        return FALSE;
    verb_print (&options->output, "Votes of key %s added to '%s'.\n", id, path);
    return TRUE;
}

/* Which text a vote is on, its trusted comment says. *packing is FALSE for comments of others:
 * stock minisign's may say anything. */
static gboolean
find_kind (const Signature *vote, const SignTexts *texts, const char *file, gboolean *packing,
           GError **error)
{
    g_autofree char *comment = NULL;

    *packing = g_str_has_prefix (vote->comment, "handcarry packing ");
    if (!*packing)
        return TRUE;
    comment = tail_packing_comment (texts->statement, texts->packing, error);
    if (comment == NULL || g_str_equal (vote->comment, comment))
        return comment != NULL;
    return fail (error, ERR_TRUST,
                 "'%s' is a vote on another packing list: the bundle that it was given for has "
                 "other bytes ('handcarry diff' of the two)",
                 file);
}

/* A vote made elsewhere. Whether its key counts is for 'verify' to say, which knows the trust
 * root. */
static gboolean
add_vote (const Options *options, const char *path, const SignTexts *texts, GError **error)
{
    g_autoptr (GBytes) vote = file_read_given (options->add, LIMIT_SIGNATURE_BYTES, error);
    g_autoptr (Signature) signature =
        vote != NULL ? signature_parse (vote, options->add, error) : NULL;
    g_autoptr (GBytes) written = signature != NULL ? signature_write (signature) : NULL;
    g_autofree char *id = NULL;
    gboolean packing;

    if (written == NULL || !find_kind (signature, texts, options->add, &packing, error) ||
        !tail_add_votes (path, packing ? NULL : written, packing ? written : NULL, error))
        return FALSE;
    id = public_key_id_to_text (signature->id);
    verb_print (&options->output, "Vote of key %s added to '%s'; 'handcarry verify' counts it.\n",
                id, path);
    return TRUE;
}

static gboolean
check_options (const Options *options, int argc, GError **error)
{
    if (argc != 2)
        return fail (error, ERR_USAGE, "sign takes exactly one bundle or statement, %d were given",
                     argc - 1);
    if (!signer_options_check (&options->signer, error))
        return FALSE;
    if ((options->signer.key == NULL) == (options->add == NULL))
        return fail (error, ERR_USAGE, "sign needs --key KEY, or --add FILE, one of the two");
    if (options->add != NULL && options->vote_out != NULL)
        return fail (error, ERR_USAGE, "--vote-out goes with --key, not with --add");
    if (options->packing_out != NULL && options->vote_out == NULL)
        return fail (error, ERR_USAGE, "--packing-vote-out goes with --vote-out");
    return TRUE;
}

static gboolean
run (const Options *options, const char *path, GError **error)
{
    g_auto (SignTexts) texts = { NULL, NULL };

    if (!sign_read_texts (&options->output, path, &texts, error) ||
        !sign_print_subject (&options->output, &texts, error))
        return FALSE;
    if (options->base != NULL &&
        !sign_print_changes (&options->output, options->base, path, &texts, error))
        return FALSE;
    if ((options->add != NULL || options->packing_out != NULL) && texts.packing == NULL)
        return fail (error, ERR_USAGE, "%s needs a bundle; '%s' is a statement",
                     options->add != NULL ? "--add" : "--packing-vote-out", path);
    if (options->add != NULL)
        return add_vote (options, path, &texts, error);
    return sign_with_key (options, path, &texts, error);
}

int
verb_sign (int argc, char **argv, GError **error)
{
    __attribute__ ((cleanup (options_clear))) Options options = { 0 };
    const GOptionEntry entries[] = {
        SIGNER_OPTIONS (&options.signer),
        { "base", 0, 0, G_OPTION_ARG_FILENAME, &options.base,
          "also show what changes against this bundle or statement", "OLD" },
        { "vote-out", 0, 0, G_OPTION_ARG_FILENAME, &options.vote_out,
          "write the vote on the statement here (NAME.vote) instead of into the bundle", "FILE" },
        { "packing-vote-out", 0, 0, G_OPTION_ARG_FILENAME, &options.packing_out,
          "with --vote-out: the vote on the packing list, here", "FILE" },
        { "add", 0, 0, G_OPTION_ARG_FILENAME, &options.add, "add a vote that was made elsewhere",
          "FILE" },
        { NULL },
    };

    if (!verb_parse (
            &argc, &argv, "BUNDLE|STATEMENT",
            "Shows what would be signed, then signs it: adds votes on statement and "
            "packing list to a bundle; for a statement file, writes the vote beside it "
            "(STATEMENT.KEYID.vote). A file NAME.vote that lies beside a bundle counts as if it "
            "were in it. The password of a key is asked for on the terminal, or is the first line "
            "of the file or pipe that HANDCARRY_PASSWORD_FILE names.",
            entries, &options.output, FALSE, error) ||
        !check_options (&options, argc, error))
        return ERR_USAGE;
    return run (&options, argv[1], error) ? 0 : error_exit_status (*error);
}
