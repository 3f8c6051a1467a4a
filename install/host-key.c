/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/host-key.h"

#include "keys/key-files.h"
#include "keys/secret.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define KEY_NAME "host"

static gboolean
is_there (int dirfd, const char *name)
{
    return faccessat (dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static SecretKey *
make (int dirfd, GError **error)
{
    g_autoptr (SecretKey) key = NULL;

    if (is_there (dirfd, KEY_NAME ".pub"))
        return fail_null (error, ERR_NOT_READY,
                          "'" KEY_NAME ".key' is gone and '" KEY_NAME ".pub' is there; put "
                          "'" KEY_NAME ".key' back from a backup, or move '" KEY_NAME ".pub' "
                          "away: then a new key is made, and only the old one proves the receipts "
                          "so far");
    key = secret_key_generate (error);
    if (key == NULL || !key_files_write_secret (dirfd, KEY_NAME, key, NULL, NULL, error))
        return NULL;
    return g_steal_pointer (&key);
}

SecretKey *
host_key_open (const Host *host, gboolean *fresh, GError **error)
{
    g_autofree char *path = g_build_filename (host->etc_path, KEY_NAME ".key", NULL);
    g_autoptr (SecretKey) key = NULL;
    autofd int dirfd = -1;

    if (g_mkdir_with_parents (host->etc_path, 0755) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot make '%s'", host->etc_path), NULL;
    dirfd = file_open_dir_given (host->etc_path, error);
    if (dirfd < 0)
        return NULL;
    *fresh = !is_there (dirfd, KEY_NAME ".key");
    key = *fresh ? make (dirfd, error) : secret_key_load (path, error);
    if (key == NULL)
        return fail_prefix (error, "the key of this host"), NULL;
    /* Also where a run died between the two. */
    if (!is_there (dirfd, KEY_NAME ".pub") && !key_files_write_public (dirfd, KEY_NAME, key, error))
        return NULL;
    return g_steal_pointer (&key);
}
