/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/verb-kit.h"

#include "bundle/output.h"
#include "keys/verb-signer.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <unistd.h>

#define SIGNATURE ".minisig"
#define DEFAULT_LEVEL 19

typedef struct {
    VerbOutput output;
    SignerOptions signer;
    char **files;
    char *program, *sysroot;
    int level;
} Options;

static void
options_clear (Options *o)
{
    signer_options_clear (&o->signer);
    g_strfreev (o->files);
    g_free (o->program);
    g_free (o->sysroot);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static void
written_free (gpointer data)
{
    KitWritten *written = data;

    g_free (written->signature);
    g_free (written);
}

static gboolean
is_script (const char *path)
{
    return g_str_has_suffix (path, ".sh");
}

/* A signature that is there already would be one of another kit. */
static gboolean
check_new (const char *path, GError **error)
{
    g_autofree char *signature = g_strconcat (path, SIGNATURE, NULL);

    return output_check_new (path, error) && output_check_new (signature, error);
}

static gboolean
check_options (const Options *o, int argc, GError **error)
{
    if (argc != 1)
        return fail (error, ERR_USAGE, "kit takes no arguments; -o names the file");
    if (o->files == NULL)
        return fail (error, ERR_USAGE, "kit needs -o handcarry-kit.tar.zst or -o handcarry-kit.sh");
    if (o->level < 1 || o->level > 22)
        return fail (error, ERR_USAGE, "--level is %d, but goes from 1 to 22", o->level);
    if (o->signer.external != NULL && o->signer.key == NULL)
        return fail (
            error, ERR_USAGE,
            "--external needs --sign KEY.pub: the public key that its signatures must fit");
    if (!signer_options_check (&o->signer, error))
        return FALSE;
    for (char **file = o->files; *file != NULL; file++) {
        if (!is_script (*file) && !g_str_has_suffix (*file, ".tar.zst"))
            return fail (error, ERR_USAGE,
                         "'%s' says not what it is to be: its name ends in .tar.zst or in .sh",
                         *file);
        if (!check_new (*file, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
parse_options (int *argc, char ***argv, Options *o, GError **error)
{
    const GOptionEntry entries[] = {
        { "output", 'o', 0, G_OPTION_ARG_FILENAME_ARRAY, &o->files,
          "the kit: NAME.tar.zst, or NAME.sh, which unpacks itself; may come again", "FILE" },
        { "sign", 0, 0, G_OPTION_ARG_FILENAME, &o->signer.key,
          "write FILE.minisig with this key; with --external its public key", "KEY" },
        { "external", 0, 0, G_OPTION_ARG_STRING, &o->signer.external,
          "let this program sign, that has the secret key", "COMMAND" },
        { "external-wait", 0, 0, G_OPTION_ARG_INT, &o->signer.wait,
          "how long each run of it may take (600)", "SECONDS" },
        { "level", 0, 0, G_OPTION_ARG_INT, &o->level,
          "how hard to compress, from 1 to 22 (19); .sh takes 9 at most", "N" },
        { "program", 0, 0, G_OPTION_ARG_FILENAME, &o->program,
          "the program to carry, of another machine perhaps; default: handcarry-host as it was "
          "built or installed with this one",
          "FILE" },
        { "sysroot", 0, 0, G_OPTION_ARG_FILENAME, &o->sysroot, "where its libraries lie (/)",
          "DIR" },
        { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
    };

    if (!verb_parse (argc, argv, "-o FILE [-o FILE] [--sign KEY]",
                     "Writes handcarry itself for hosts that have nothing: the program of the "
                     "isolated side, its libraries, their loader, man pages, docs and the unit "
                     "that recovers at boot, in one file. It needs a kernel from 4.18 and a shell "
                     "there, and installs into /opt/handcarry.\nThe same inputs give the same "
                     "bytes. FILE.sha256 is written beside it; "
                     "'minisign -V -H -p KEY.pub -m FILE' checks FILE.minisig.",
                     entries, &o->output, TRUE, error))
        return FALSE;
    return check_options (o, *argc, error);
}

/* The comment is signed, too, and stock minisign shows it: nothing else that a key has signed says
 * that it is a kit. */
static GBytes *
sign_kit (const Signer *signer, GBytes *bytes, const Digest *digest, GError **error)
{
    g_autofree char *text = digest_to_text (digest);
    g_autofree char *comment = g_strdup_printf ("handcarry kit " HANDCARRY_VERSION " %s", text);

    return signer_sign (signer, bytes, comment, error);
}

static gboolean
write_file (const char *path, GBytes *bytes, GError **error)
{
    g_autoptr (Output) output = output_new (path, 0, error);

    return output != NULL && output_write (output, bytes, error) && output_commit (output, error);
}

static gboolean
write_signature (const char *path, GBytes *signature, GError **error)
{
    g_autofree char *name = NULL;
    autofd int dirfd = file_open_parent (path, &name, error);

    return dirfd >= 0 && file_replace (dirfd, name, signature, 0644, error);
}

static KitWritten *
write_kit (const char *path, GBytes *bytes, const Signer *signer, GError **error)
{
    KitWritten *written = g_new0 (KitWritten, 1);
    g_autoptr (GBytes) signature = NULL;

    written->path = path;
    written->bytes = g_bytes_get_size (bytes);
    written->digest = digest_of_bytes (bytes);
    if (signer != NULL) {
        written->signature = g_strconcat (path, SIGNATURE, NULL);
        signature = sign_kit (signer, bytes, &written->digest, error);
    }
    if ((signer == NULL || signature != NULL) && write_file (path, bytes, error) &&
        (signer == NULL || write_signature (written->signature, signature, error)))
        return written;
    written_free (written);
    return NULL;
}

static GPtrArray *
write_all (const Options *o, const Kit *kit, const Signer *signer, GError **error)
{
    g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (written_free);
    g_autoptr (GBytes) tar = kit_tar (kit);

    for (char **path = o->files; *path != NULL; path++) {
        g_autoptr (GBytes) bytes = is_script (*path) ? kit_script (kit, tar, o->level, error)
                                                     : kit_compress (tar, o->level, error);
        KitWritten *written = bytes != NULL ? write_kit (*path, bytes, signer, error) : NULL;

        if (written == NULL)
            return NULL;
        g_ptr_array_add (all, written);
    }
    return g_steal_pointer (&all);
}

static gboolean
run (const Options *o, GError **error)
{
    const KitOptions options = { o->program, o->sysroot };
    g_autoptr (Signer) signer = NULL;
    g_autoptr (Kit) kit = NULL;
    g_autoptr (GPtrArray) all = NULL;

    if (o->signer.key != NULL && (signer = signer_load (&o->signer, error)) == NULL)
        return FALSE;
    kit = kit_collect (&options, error);
    all = kit != NULL ? write_all (o, kit, signer, error) : NULL;
    if (all == NULL)
        return FALSE;
    for (guint i = 0; i < kit->missing->len; i++)
        verb_warn ("the kit is without %s", (char *)kit->missing->pdata[i]);
    verb_kit_print (&o->output, kit, all);
    return TRUE;
}

int
verb_kit (int argc, char **argv, GError **error)
{
    g_auto (Options) o = { .level = DEFAULT_LEVEL };

    if (!parse_options (&argc, &argv, &o, error) || !run (&o, error))
        return error_exit_status (*error);
    return 0;
}
