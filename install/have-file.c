/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/have-file.h"

#include "keys/secret.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A mistyped name must not cost a bundle. */
static gboolean
check_target (int dirfd, const char *name, const char *path, GError **error)
{
    char head[sizeof HAVE_TYPE_LINE - 1];
    struct stat st;
    autofd int fd = -1;

    if (fstatat (dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
        return TRUE;
    fd = file_open_below (dirfd, name, O_RDONLY | O_NONBLOCK, error);
    if (fd < 0)
        return FALSE;
    if (fstat (fd, &st) == 0 && S_ISREG (st.st_mode) &&
        pread (fd, head, sizeof head, 0) == (ssize_t)sizeof head &&
        memcmp (head, HAVE_TYPE_LINE, sizeof head) == 0)
        return TRUE;
    return fail (error, ERR_USAGE, "'%s' is there already and is no have file; name another", path);
}

static GBytes *
sign (GBytes *text, const char *host, const SecretKey *key, GError **error)
{
    Digest digest = digest_of_bytes (text);
    g_autofree char *shown = digest_to_text (&digest);
    g_autofree char *comment = g_strdup_printf ("handcarry have %s %s", host, shown);

    return sign_bytes (key, text, comment, error);
}

/* A name of this host that no reader takes must not be carried all the way to be refused. */
static gboolean
check_readable (GBytes *text, GError **error)
{
    g_autoptr (Have) again = have_parse (text, error);

    return again != NULL || fail_prefix (error, "what this host has cannot be written down");
}

static gboolean
write_all (int dirfd, const char *name, GBytes *text, GBytes *signature, const SecretKey *key,
           GError **error)
{
    g_autofree char *signature_name = g_strconcat (name, ".minisig", NULL);
    g_autofree char *public_name = g_strconcat (name, ".pub", NULL);
    g_autoptr (GBytes) public_text = NULL;
    PublicKey public_key;

    secret_key_get_public (key, &public_key);
    public_text = public_key_write (&public_key);
    return file_replace (dirfd, public_name, public_text, 0644, error) &&
           file_replace (dirfd, signature_name, signature, 0644, error) &&
           file_replace (dirfd, name, text, 0644, error);
}

gboolean
have_file_write (const char *path, Have *have, const SecretKey *key, GError **error)
{
    g_autofree char *name = NULL;
    autofd int dirfd = file_open_parent (path, &name, error);
    g_autoptr (GBytes) text = have_write (have);
    g_autoptr (GBytes) signature = NULL;

    if (dirfd < 0 || !check_target (dirfd, name, path, error) || !check_readable (text, error))
        return FALSE;
    signature = sign (text, have->host, key, error);
    return signature != NULL && write_all (dirfd, name, text, signature, key, error);
}
