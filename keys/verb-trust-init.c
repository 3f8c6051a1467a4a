/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/key-files.h"
#include "keys/password.h"
#include "keys/trust-folder.h"
#include "keys/trust-new.h"
#include "keys/verb-trust-change.h"
#include "keys/verb-trust.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    VerbOutput output;
    char *trust, *secrets; /* folders */
    char **signers;
    TrustInitKeys given; /* keys made elsewhere; its roots NULL: none */
    gboolean no_password, release_no_password;
    int trust_fd, secrets_fd;
    char *root_password, *release_password; /* NULL: none */
} Init;

static void
init_clear (Init *init)
{
    g_free (init->trust);
    g_free (init->secrets);
    g_strfreev (init->signers);
    g_strfreev (init->given.roots);
    g_strfreev (init->given.keys);
    g_strfreev (init->given.roles);
    g_strfreev (init->given.products);
    g_free (init->given.threshold);
    file_clear_fd (&init->trust_fd);
    file_clear_fd (&init->secrets_fd);
    sodium_free (init->root_password);
    sodium_free (init->release_password);
}

/* The trust folder goes into version control and onto sticks; a secret key must not go along. */
static gboolean
check_apart (const Init *init, GError **error)
{
    g_autofree char *trust = realpath (init->trust, NULL);
    g_autofree char *secrets = realpath (init->secrets, NULL);
    g_autofree char *below = trust != NULL ? g_strconcat (trust, "/", NULL) : NULL;

    if (trust == NULL || secrets == NULL)
        return fail_errno (error, ERR_FAILED, errno, "cannot resolve '%s' and '%s'", init->trust,
                           init->secrets);
    if (strcmp (trust, secrets) == 0 || g_str_has_prefix (secrets, below))
        return fail (error, ERR_USAGE,
                     "secret keys must not lie in the trust folder '%s', which is shared; name "
                     "another folder with --keys",
                     init->trust);
    return TRUE;
}

static gboolean
open_folders (Init *init, GError **error)
{
    init->trust_fd = file_make_dir_given (init->trust, 0755, error);
    if (init->trust_fd < 0)
        return FALSE;
    init->secrets_fd = file_make_dir_given (init->secrets, 0700, error);
    return init->secrets_fd >= 0 && check_apart (init, error);
}

static gboolean
ask_passwords (Init *init, GError **error)
{
    g_autofree char *exposed = init->no_password ? NULL : password_judge_file ();

    if (exposed != NULL)
        verb_warn ("%s", exposed);
    if (!init->no_password) {
        init->root_password = password_read_new ("the two root keys", error);
        if (init->root_password == NULL)
            return FALSE;
    }
    if (!init->no_password && !init->release_no_password) {
        init->release_password = password_read_new ("the release key", error);
        if (init->release_password == NULL)
            return FALSE;
    }
    return TRUE;
}

static void
warn_about_folder (const Init *init)
{
    g_autoptr (GPtrArray) warnings = key_files_judge_folder (init->secrets_fd);

    for (guint i = 0; i < warnings->len; i++)
        verb_warn ("'%s': %s", init->secrets, (const char *)warnings->pdata[i]);
}

static gboolean
write_all (const Init *init, const NewTrustPlaces *places, NewTrust *fresh, const TrustRoot *trust,
           GError **error)
{
    g_autofree char *weak = NULL;
    guint64 memory = 0;

    if (!verb_trust_begin_state (init->trust, NULL, error) ||
        !new_trust_write (fresh, places, &memory, error) ||
        !trust_store (trust, init->trust, 0, error)) {
        new_trust_take_back (fresh, places);
        return FALSE;
    }
    weak = key_files_judge_memory (memory);
    if (weak != NULL)
        verb_warn ("%s", weak);
    return TRUE;
}

static void
print_next (const Init *init, const TrustRoot *trust)
{
    const VerbOutput *output = &init->output;

    verb_trust_print (output, trust);
    verb_print (output,
                "\nSecret keys, in '%s':\n"
                "  release.key      signs every release; CI may have it\n"
                "  root.key         signs the next trust root; lock it away, off this machine\n"
                "  root-spare.key   the same if root.key is lost: into a safe, elsewhere\n"
                "\nTo share, in '%s': 1.root.yaml, its vote, the public keys.\n"
                "\nNext:\n"
                "  write the fingerprint on paper, or read it out by telephone\n"
                "  handcarry bundle release.yaml --sign %s/release.key\n"
                "  on each host, once: handcarry trust import %s\n",
                init->secrets, init->trust, init->secrets, init->trust);
}

static gboolean
run (Init *init, GError **error)
{
    g_autoptr (NewTrust) fresh = NULL;
    g_autoptr (TrustRoot) trust = NULL;
    NewTrustPlaces places;

    if (!open_folders (init, error))
        return FALSE;
    places = (NewTrustPlaces){ .secrets_fd = init->secrets_fd, .trust_fd = init->trust_fd };
    if (trust_folder_has_root (init->trust))
        return fail (error, ERR_FAILED,
                     "'%s' holds a trust root already, and one is never overwritten", init->trust);
    if (!new_trust_check_absent (&places, error))
        return FALSE;
    warn_about_folder (init);
    if (!ask_passwords (init, error))
        return FALSE;
    places.root_password = init->root_password;
    places.release_password = init->release_password;
    fresh = new_trust_make (error);
    trust = fresh != NULL ? new_trust_sign (fresh, init->given.products, error) : NULL;
    if (trust == NULL || !write_all (init, &places, fresh, trust, error))
        return FALSE;
    print_next (init, trust);
    return TRUE;
}

static gboolean
has_given (const Init *init)
{
    return init->given.roots != NULL || init->given.keys != NULL || init->given.roles != NULL ||
           init->given.threshold != NULL || init->signers != NULL;
}

int
verb_trust_init (int argc, char **argv, GError **error)
{
    __attribute__ ((cleanup (init_clear))) Init init = { .trust_fd = -1, .secrets_fd = -1 };
    const GOptionEntry entries[] = {
        { "trust", 0, 0, G_OPTION_ARG_FILENAME, &init.trust,
          "the trust folder to make; default: trust", "DIR" },
        { "keys", 0, 0, G_OPTION_ARG_FILENAME, &init.secrets,
          "where the secret keys go; default: the current folder", "DIR" },
        { "product", 0, 0, G_OPTION_ARG_STRING_ARRAY, &init.given.products,
          "release keys may sign this product only (may be repeated)", "NAME" },
        { "no-password", 0, 0, G_OPTION_ARG_NONE, &init.no_password,
          "encrypt none of the secret keys", NULL },
        { "release-no-password", 0, 0, G_OPTION_ARG_NONE, &init.release_no_password,
          "do not encrypt the release key (for CI)", NULL },
        { "root", 0, 0, G_OPTION_ARG_STRING_ARRAY, &init.given.roots,
          "make no keys: a root key that somebody made with keygen (may be repeated)",
          "NAME=FILE.pub" },
        { "root-threshold", 0, 0, G_OPTION_ARG_STRING, &init.given.threshold,
          "with --root: how many of them sign a trust root; default: more than half", "K" },
        { "key", 0, 0, G_OPTION_ARG_STRING_ARRAY, &init.given.keys,
          "with --root: a key for releases (may be repeated)", "NAME=FILE.pub" },
        { "role", 0, 0, G_OPTION_ARG_STRING_ARRAY, &init.given.roles,
          "with --root: who signs what: human:statement:2=anna,bert,carl (may be repeated)",
          "ROLE:SIGNS[:K]=KEY,…" },
        { "sign", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &init.signers,
          "with --root: a root key to sign with at once (may be repeated)", "KEY" },
        { NULL },
    };

    if (!verb_parse (&argc, &argv, "",
                     "Makes two root keys, a release key and the first trust root, signed by the "
                     "root key. Asks for a password for the root keys and one for the release "
                     "key. Overwrites nothing.\n"
                     "With --root: makes no keys, but proposes a first trust root of public keys "
                     "that people made on machines of their own; it counts when enough of them "
                     "have signed it ('trust sign').",
                     entries, &init.output, FALSE, error) ||
        !trust_change_check_names ("--product", init.given.products, error))
        return ERR_USAGE;
    if (argc != 1)
        return fail (error, ERR_USAGE,
                     "trust init takes no argument; folders are named by "
                     "--trust and --keys"),
               ERR_USAGE;
    if (init.trust == NULL)
        init.trust = g_strdup ("trust");
    if (init.secrets == NULL)
        init.secrets = g_strdup (".");
    if (has_given (&init) ? !verb_trust_init_of_keys (&(TrustChange){ .output = init.output,
                                                                      .trust = init.trust,
                                                                      .signers = init.signers },
                                                      &init.given, error)
                          : !run (&init, error))
        return error_exit_status (*error);
    return 0;
}
