/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/bundle.h"
#include "keys/fingerprint.h"
#include "keys/root.h"
#include "keys/trust-folder.h"
#include "keys/verb-trust.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define TRIES 3

typedef struct {
    VerbOutput output;
    char *trust; /* folder to import into */
    char *root;
    char *fingerprint;
} Options;

static void
options_clear (Options *options)
{
    g_free (options->trust);
    g_free (options->root);
    g_free (options->fingerprint);
}

/* "DIR/3.root.yaml" stands for the chain up to 3 in its folder. */
static GPtrArray *
read_up_to (const char *path, GError **error)
{
    g_autofree char *dir = g_path_get_dirname (path);
    g_autofree char *base = g_path_get_basename (path);
    guint64 number = g_ascii_strtoull (base, NULL, 10);
    GPtrArray *chain = trust_folder_read (dir, FALSE, error);

    if (chain != NULL && number > 0 && number < chain->len)
        g_ptr_array_set_size (chain, (gint)number);
    return chain;
}

static gboolean
is_trust_bundle_name (const char *name)
{
    return *name != '.' && g_str_has_suffix (name, ".trust");
}

/* A stick with one trust bundle on it. Which of several is meant is not for a program to guess. */
static GPtrArray *
read_from_stick (const char *dir, GError **error)
{
    autofd int fd = file_open_dir_given (dir, error);
    g_autoptr (GPtrArray) names = fd >= 0 ? file_list (fd, dir, error) : NULL;
    g_autofree char *found = NULL;

    for (guint i = 0; names != NULL && i < names->len; i++) {
        if (!is_trust_bundle_name (names->pdata[i]))
            continue;
        if (found != NULL)
            return fail_null (error, ERR_USAGE,
                              "there are several trust bundles in '%s'; name the one to import",
                              dir);
        found = g_build_filename (dir, names->pdata[i], NULL);
    }
    if (names != NULL && found == NULL)
        return fail_null (error, ERR_TRUST,
                          "'%s' holds no trust root: neither 1.root.yaml nor a trust bundle "
                          "(NAME.trust); a bundle of a release carries one too: name its file",
                          dir);
    return found != NULL ? bundle_read_chain (found, error) : NULL;
}

static GPtrArray *
read_folder (const char *dir, GError **error)
{
    return trust_folder_has_root (dir) ? trust_folder_read (dir, FALSE, error)
                                       : read_from_stick (dir, error);
}

static GPtrArray *
read_chain (const char *path, GError **error)
{
    struct stat st;

    if (fstatat (AT_FDCWD, path, &st, 0) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot import '%s'", path), NULL;
    if (S_ISDIR (st.st_mode))
        return read_folder (path, error);
    if (g_str_has_suffix (path, ".root.yaml"))
        return read_up_to (path, error);
    return bundle_read_chain (path, error);
}

/* Nothing proves a first root but a person: no option skips this, --fingerprint answers it. */
static gboolean
confirm_first (const Options *options, const Digest *digest, GError **error)
{
    if (options->fingerprint != NULL)
        return fingerprint_matches (digest, options->fingerprint) ||
               fail (error, ERR_TRUST,
                     "the fingerprint given with --fingerprint is not that of the trust root; "
                     "nothing was imported");
    for (guint i = 0; i < TRIES; i++) {
        g_autofree char *typed =
            verb_ask ("Type the fingerprint you were given (spaces do not matter): ", error);

        if (typed == NULL)
            return fail_prefix (error, "the first trust root of a host needs a person, or "
                                       "--fingerprint");
        if (fingerprint_matches (digest, typed))
            return TRUE;
        verb_warn ("this is not the fingerprint of the trust root");
    }
    return fail (error, ERR_TRUST,
                 "the fingerprint was not typed; nothing was imported. If yours differs from the "
                 "one shown, somebody may have exchanged the file: ask the people who hold the "
                 "root keys");
}

static gboolean
import_first (const Options *options, GPtrArray *chain, GError **error)
{
    g_autoptr (TrustRoot) trust = trust_prove (chain, error);
    g_autofree char *parent = g_path_get_dirname (options->trust);
    Digest digest;

    if (trust == NULL)
        return FALSE;
    digest = trust_fingerprint (trust);
    verb_trust_print (&options->output, trust);
    verb_print (&options->output,
                "\nThis host believes no trust root yet. Compare the fingerprint with the one on "
                "paper or on\nthe telephone, not with one from the same medium.\n\n");
    if (!confirm_first (options, &digest, error))
        return FALSE;
    if (g_mkdir_with_parents (parent, 0755) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot make the folder '%s'", parent);
    /* In this order: a run that dies between leaves a host that believes nobody, not one that seems
     * to have lost its state. */
    if (!verb_trust_begin_state (options->trust, options->root, error) ||
        !trust_store (trust, options->trust, 0, error))
        return FALSE;
    verb_print (&options->output, "Imported into '%s'.\n", options->trust);
    return TRUE;
}

static gboolean
import_newer (const Options *options, GPtrArray *chain, GError **error)
{
    g_autoptr (TrustRoot) stored = trust_load (options->trust, error);
    g_autoptr (TrustRoot) walked = stored != NULL ? trust_walk (stored, chain, error) : NULL;
    guint64 before;
    Digest digest;

    if (walked == NULL)
        return FALSE;
    before = trust_number (stored);
    digest = trust_fingerprint (walked);
    if (options->fingerprint != NULL && !fingerprint_matches (&digest, options->fingerprint))
        return fail (
            error, ERR_TRUST,
            "the fingerprint given with --fingerprint is not that of trust root %" G_GUINT64_FORMAT
            "; nothing was imported",
            trust_number (walked));
    if (trust_number (walked) == before) {
        verb_print (&options->output,
                    "'%s' has trust root %" G_GUINT64_FORMAT " already; nothing newer in it.\n",
                    options->trust, before);
        return TRUE;
    }
    if (!trust_store (walked, options->trust, before, error))
        return FALSE;
    verb_trust_print (&options->output, walked);
    verb_print (&options->output,
                "\nFollowed the chain from root %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
                ", in '%s'.\n",
                before, trust_number (walked), options->trust);
    return TRUE;
}

static gboolean
import (const Options *options, const char *path, GError **error)
{
    g_autoptr (GPtrArray) chain = read_chain (path, error);

    if (chain == NULL)
        return FALSE;
    if (trust_folder_has_root (options->trust))
        return import_newer (options, chain, error);
    return import_first (options, chain, error);
}

int
verb_trust_import (int argc, char **argv, GError **error)
{
    __attribute__ ((cleanup (options_clear))) Options options = { 0 };
    const GOptionEntry entries[] = {
        { "trust", 0, 0, G_OPTION_ARG_FILENAME, &options.trust,
          "the folder to import into; default: /etc/handcarry/trust", "DIR" },
        { "root", 0, 0, G_OPTION_ARG_FILENAME, &options.root, "the host's files lie below DIR",
          "DIR" },
        { "fingerprint", 0, 0, G_OPTION_ARG_STRING, &options.fingerprint,
          "the fingerprint, for scripts; otherwise it is asked for", "HEX" },
        { NULL },
    };

    if (!verb_parse (
            &argc, &argv, "FILE|DIR|BUNDLE",
            "Takes a trust folder, a bundle, a trust bundle or a folder with one. On a host "
            "without a trust root: shows its fingerprint, asks for it to be "
            "typed, and believes it from then on. Later: follows the chain to a newer "
            "root, each step signed by the keys before it and by its own.",
            entries, &options.output, FALSE, error))
        return ERR_USAGE;
    if (argc != 2)
        return fail (error, ERR_USAGE,
                     "trust import takes exactly one file, folder or bundle, %d were given",
                     argc - 1),
               ERR_USAGE;
    if (options.trust == NULL)
        options.trust = verb_trust_host_folder (options.root);
    return import (&options, argv[1], error) ? 0 : error_exit_status (*error);
}
