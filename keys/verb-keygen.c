/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/key-files.h"
#include "keys/password.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/verb.h"

#include <sodium.h>
#include <unistd.h>

typedef struct {
    VerbOutput output;
    gboolean no_password;
} Options;

/* Asked before the key is made, so that giving up leaves nothing behind. */
static gboolean
write_pair (int dirfd, const char *name, const Options *options, const SecretKey *key,
            GError **error)
{
    char *password = options->no_password ? NULL : password_read_new (name, error);
    g_autofree char *weak = NULL, *exposed = options->no_password ? NULL : password_judge_file ();
    guint64 memory = 0;
    gboolean written;

    if (password == NULL && !options->no_password)
        return FALSE;
    if (exposed != NULL)
        verb_warn ("%s", exposed);
    written = key_files_write_secret (dirfd, name, key, password, &memory, error);
    sodium_free (password);
    if (!written)
        return FALSE;
    weak = key_files_judge_memory (memory);
    if (weak != NULL)
        verb_warn ("%s", weak);
    if (!key_files_write_public (dirfd, name, key, error)) {
        g_autofree char *file = g_strconcat (name, ".key", NULL);

        unlinkat (dirfd, file, 0);
        return FALSE;
    }
    return TRUE;
}

static void
print_result (const Options *options, const char *path, const SecretKey *key)
{
    g_autofree char *id = secret_key_id (key);
    g_autofree char *line = NULL;
    PublicKey public_key;

    secret_key_get_public (key, &public_key);
    line = public_key_to_base64 (&public_key);
    verb_print (&options->output, "%s.key  secret key%s: keep it to yourself\n", path,
                options->no_password ? " without a password" : "");
    verb_print (&options->output, "%s.pub  public key %s: give it to anyone\n\n%s\n", path, id,
                line);
}

static int
generate (const char *path, const Options *options, GError **error)
{
    g_autofree char *name = NULL;
    autofd int dirfd = file_open_parent (path, &name, error);
    g_autoptr (GPtrArray) warnings = NULL;
    g_autoptr (SecretKey) key = NULL;

    if (dirfd < 0 || !key_files_check_absent (dirfd, name, ".key", error) ||
        !key_files_check_absent (dirfd, name, ".pub", error))
        return error_exit_status (*error);
    warnings = key_files_judge_folder (dirfd);
    for (guint i = 0; i < warnings->len; i++)
        verb_warn ("%s", (const char *)warnings->pdata[i]);
    key = secret_key_generate (error);
    if (key == NULL || !write_pair (dirfd, name, options, key, error))
        return error_exit_status (*error);
    print_result (options, path, key);
    return 0;
}

int
verb_keygen (int argc, char **argv, GError **error)
{
    Options options = { 0 };
    const GOptionEntry entries[] = {
        { "no-password", 0, 0, G_OPTION_ARG_NONE, &options.no_password,
          "do not encrypt the secret key (for CI)", NULL },
        { NULL },
    };

    if (!verb_parse (&argc, &argv, "NAME",
                     "Makes a key pair in minisign's formats: NAME.key and NAME.pub. Asks for a "
                     "password, or takes the first line of the file or pipe that "
                     "HANDCARRY_PASSWORD_FILE names. Overwrites nothing.",
                     entries, &options.output, FALSE, error))
        return ERR_USAGE;
    if (argc != 2)
        return fail (error, ERR_USAGE, "keygen takes exactly one NAME, %d were given", argc - 1),
               ERR_USAGE;
    return generate (argv[1], &options, error);
}
