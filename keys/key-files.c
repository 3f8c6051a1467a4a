/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/key-files.h"

#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/message.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sodium.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define EXFAT_MAGIC 0x2011bab0
#define NTFS_MAGIC 0x5346544e
#define NTFS3_MAGIC 0x7366746e

gboolean
key_files_check_absent (int dirfd, const char *name, const char *suffix, GError **error)
{
    g_autofree char *file = g_strconcat (name, suffix, NULL);

    if (faccessat (dirfd, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return fail (error, ERR_FAILED,
                     "'%s' is there already, and a key is never overwritten: choose another name "
                     "or move it away",
                     file);
    return TRUE;
}

gboolean
key_files_write_secret (int dirfd, const char *name, const SecretKey *key, const char *password,
                        guint64 *memory, GError **error)
{
    g_autofree char *file = g_strconcat (name, ".key", NULL);
    g_autoptr (GBytes) text = secret_key_write (key, password, memory, error);

    return text != NULL && file_create (dirfd, file, text, 0600, error);
}

gboolean
key_files_write_public (int dirfd, const char *name, const SecretKey *key, GError **error)
{
    g_autofree char *file = g_strconcat (name, ".pub", NULL);
    g_autoptr (GBytes) text = NULL;
    PublicKey public_key;

    secret_key_get_public (key, &public_key);
    text = public_key_write (&public_key);
    return file_create (dirfd, file, text, 0644, error);
}

static gboolean
has_no_modes (int dirfd)
{
    struct statfs fs;

    if (fstatfs (dirfd, &fs) < 0)
        return FALSE;
    switch ((guint32)fs.f_type) {
    case MSDOS_SUPER_MAGIC:
    case EXFAT_MAGIC:
    case NTFS_MAGIC:
    case NTFS3_MAGIC:
        return TRUE;
    default:
        return FALSE;
    }
}

GPtrArray *
key_files_judge_folder (int dirfd)
{
    GPtrArray *warnings = g_ptr_array_new_with_free_func (g_free);
    struct stat st;

    if (has_no_modes (dirfd))
        g_ptr_array_add (warnings,
                         message_printf ("this file system keeps no permissions: whoever gets "
                                         "the medium can read the secret key"));
    else if (fstat (dirfd, &st) == 0 && (st.st_mode & 0002) != 0)
        g_ptr_array_add (warnings, message_printf ("everyone may write this folder: others can put "
                                                   "their key in the place of yours"));
    return warnings;
}

char *
key_files_judge_memory (guint64 memory)
{
    if (memory == 0 || memory >= crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_SENSITIVE)
        return NULL;
    return message_printf ("this machine had %" G_GUINT64_FORMAT " MiB for protecting the key "
                           "instead of 1024: a short password is easier to guess",
                           memory >> 20);
}
