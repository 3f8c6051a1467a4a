/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/tail.h"
#include "keys/verb-trust.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <fcntl.h>
#include <unistd.h>

typedef struct {
    VerbOutput output;
    char *file, *trust, *root;
} Options;

static void
options_clear (Options *options)
{
    g_free (options->file);
    g_free (options->trust);
    g_free (options->root);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static GBytes *
write_chain (const TrustRoot *trust)
{
    g_autoptr (Tail) tail = tail_new ();

    g_ptr_array_unref (tail->chain);
    tail->chain = g_ptr_array_ref (trust_chain (trust));
    return tail_write (tail);
}

/* An older trust bundle gives way, for that is what a stick is used for again and again; any other
 * file stays. */
static gboolean
check_replaceable (int dirfd, const char *name, const char *path, GError **error)
{
    g_autoptr (Parts) parts = NULL;
    g_autoptr (GPtrArray) chain = NULL;
    g_autoptr (Tail) release = NULL;

    if (faccessat (dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
        return TRUE;
    parts = parts_open (path, NULL);
    chain = parts != NULL ? tail_read_chain (parts, NULL) : NULL;
    release = parts != NULL ? tail_read (parts, NULL) : NULL;
    if (chain != NULL && release == NULL)
        return TRUE;
    return fail (error, ERR_FAILED, "'%s' is there already and is no trust bundle", path);
}

static gboolean
run (const Options *options, GError **error)
{
    g_autofree char *name = NULL;
    g_autoptr (TrustRoot) trust = trust_load (options->trust, error);
    g_autoptr (GBytes) bytes = trust != NULL ? write_chain (trust) : NULL;
    autofd int dirfd = bytes != NULL ? file_open_parent (options->file, &name, error) : -1;

    if (dirfd < 0 || !check_replaceable (dirfd, name, options->file, error) ||
        !file_replace (dirfd, name, bytes, 0644, error))
        return FALSE;
    verb_print (&options->output,
                "Roots 1 to %" G_GUINT64_FORMAT " with their votes, in '%s' (%" G_GSIZE_FORMAT
                " bytes).\nOn each host: handcarry trust import %s\n"
                "or lay it beside the bundles: 'handcarry install FOLDER' looks at it first.\n",
                trust_number (trust), options->file, g_bytes_get_size (bytes), options->file);
    return TRUE;
}

int
verb_trust_export (int argc, char **argv, GError **error)
{
    g_auto (Options) options = { 0 };
    const GOptionEntry entries[] = {
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options.file, "the file to write",
          "FILE.trust" },
        { "trust", 0, 0, G_OPTION_ARG_FILENAME, &options.trust,
          "the trust folder; default: trust/ here, beside release.yaml or where the host has none, "
          "else the host's",
          "DIR" },
        { "root", 0, 0, G_OPTION_ARG_FILENAME, &options.root, "the host's files lie below DIR",
          "DIR" },
        { NULL },
    };

    if (!verb_parse (&argc, &argv, "-o FILE.trust",
                     "Writes a trust bundle: the chain of trust roots with its votes and nothing "
                     "else, a few KB. It brings a new key or a revocation to hosts faster than the "
                     "next release does.",
                     entries, &options.output, FALSE, error))
        return ERR_USAGE;
    if (argc != 1 || options.file == NULL)
        return fail (error, ERR_USAGE, "trust export takes -o FILE.trust and no argument"),
               ERR_USAGE;
    if (options.trust == NULL)
        options.trust = verb_trust_choose_folder (options.root);
    return run (&options, error) ? 0 : error_exit_status (*error);
}
