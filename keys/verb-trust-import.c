/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/fingerprint.h"
#include "keys/trust-folder.h"
#include "keys/verb-trust-import.h"
#include "keys/verb-trust.h"
#include "manifest/error.h"

#include <errno.h>

typedef struct {
    VerbOutput output;
    char *trust; /* folder to import into */
    char *root;
    char *fingerprint;
    gboolean elsewhere; /* --trust: this is not what the host believes */
} Options;

static void
options_clear (Options *options)
{
    g_free (options->trust);
    g_free (options->root);
    g_free (options->fingerprint);
}

/* Nothing proves a first root but a person: no option skips this, --fingerprint answers it. */
static gboolean
check_given (const Options *options, const Digest *digest, GError **error)
{
    g_autoptr (GError) problem = NULL;

    if (fingerprint_check_typed (digest, options->fingerprint, &problem))
        return TRUE;
    return fail (error, ERR_TRUST,
                 "the fingerprint given with --fingerprint does not prove the trust root, and "
                 "nothing was imported: %s",
                 problem->message);
}

/* The next command of who has just unpacked the stick. */
static void
say_next (const Options *options, const char *path)
{
    g_autofree char *where = trust_source_find_bundles (path);
    g_autofree char *root = options->root != NULL ? error_shell_word (options->root) : NULL;
    g_autofree char *shown = where != NULL ? error_shell_word (where) : g_strdup ("PATH");

    if (where == NULL)
        verb_print (&options->output,
                    "\nNext, with PATH for a bundle, or the folder on the stick with it:\n\n");
    else
        verb_print (&options->output, "\nNext, to see what an install would do here:\n\n");
    verb_print (&options->output, "  handcarry plan %s%s%s\n", shown,
                root != NULL ? " --root " : "", root != NULL ? root : "");
}

static gboolean
import_first (const Options *options, GPtrArray *chain, const char *path, GError **error)
{
    g_autoptr (TrustRoot) trust = trust_prove (chain, error);
    g_autofree char *parent = g_path_get_dirname (options->trust);
    Digest digest;

    if (trust == NULL)
        return FALSE;
    digest = trust_fingerprint (trust);
    verb_trust_print (&options->output, trust);
    verb_print (&options->output,
                "\nThis host believes no trust root yet. Compare the fingerprint with the one on\n"
                "paper or on the telephone, not with one from the same medium.\n\n");
    if (options->fingerprint != NULL ? !check_given (options, &digest, error)
                                     : !trust_ask_fingerprint (&digest, error))
        return FALSE;
    if (g_mkdir_with_parents (parent, 0755) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot make the folder '%s'", parent);
    /* In this order: a run that dies between leaves a host that believes nobody, not one that seems
     * to have lost its state. */
    if (!verb_trust_begin_state (options->trust, options->root, error) ||
        !trust_store (trust, options->trust, 0, error))
        return FALSE;
    verb_print (&options->output, "Imported into '%s'.\n", options->trust);
    if (!options->elsewhere)
        say_next (options, path);
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
    if (options->fingerprint != NULL && !check_given (options, &digest, error))
        return FALSE;
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
    g_autoptr (GPtrArray) chain = trust_source_read (path, error);

    if (chain == NULL)
        return FALSE;
    if (trust_folder_has_root (options->trust))
        return import_newer (options, chain, error);
    return import_first (options, chain, path, error);
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
            "Takes a trust folder, a bundle, a trust bundle or a folder with one: the stick. On a "
            "host without a trust root: shows its fingerprint, asks for it to be typed (twice at "
            "most, from paper or the telephone), and believes it from then on. Later: follows the "
            "chain to a newer root, each step signed by the keys before it and by its own.",
            entries, &options.output, FALSE, error))
        return ERR_USAGE;
    if (argc != 2)
        return fail (error, ERR_USAGE,
                     "trust import takes exactly one file, folder or bundle, %d were given",
                     argc - 1),
               ERR_USAGE;
    options.elsewhere = options.trust != NULL;
    if (options.trust == NULL)
        options.trust = verb_trust_host_folder (options.root);
    return import (&options, argv[1], error) ? 0 : error_exit_status (*error);
}
