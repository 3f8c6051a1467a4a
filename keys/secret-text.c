/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/secret-text.h"

#include "keys/selftest.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

/* Waits for whoever writes into a pipe. */
static int
open_text (const char *path, gboolean *exposed, GError **error)
{
    autofd int fd = openat (AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct stat st;

    if (fd < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot open '%s'", path), -1;
    if (fstat (fd, &st) < 0 || !(S_ISREG (st.st_mode) || S_ISFIFO (st.st_mode)))
        return fail (error, ERR_FORMAT, "'%s' is neither a regular file nor a pipe", path), -1;
    *exposed = S_ISREG (st.st_mode) && (st.st_mode & 0044) != 0;
    return file_steal_fd (&fd);
}

/* FALSE where it cannot be read; *length is limit + 1 where there is too much. */
static gboolean
read_all (int fd, char *text, gsize limit, gsize *length)
{
    ssize_t n;

    *length = 0;
    do {
        n = TEMP_FAILURE_RETRY (read (fd, text + *length, limit + 1 - *length));
        *length += n > 0 ? (gsize)n : 0;
    } while (n > 0 && *length <= limit);
    return n >= 0;
}

char *
secret_text_read (const char *path, gsize limit, gsize *length, gboolean *exposed, GError **error)
{
    autofd int fd = open_text (path, exposed, error);
    char *text;

    if (fd < 0 || !keys_start (error))
        return NULL;
    text = sodium_malloc (limit + 2);
    if (text == NULL)
        return fail_null (error, ERR_FAILED, "no memory for the secret in '%s'", path);
    if (!read_all (fd, text, limit, length))
        fail_errno (error, ERR_FAILED, errno, "cannot read '%s'", path);
    else if (*length > limit)
        fail (error, ERR_FORMAT, "'%s' is longer than %" G_GSIZE_FORMAT " bytes", path, limit);
    else {
        text[*length] = '\0';
        return text;
    }
    sodium_free (text);
    return NULL;
}
