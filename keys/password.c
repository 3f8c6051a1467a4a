/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/password.h"

#include "keys/secret-text.h"
#include "keys/selftest.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/message.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define PASSWORD_MAX 1023
#define PASSWORD_FILE "HANDCARRY_PASSWORD_FILE"

/* NULL where none is named. */
static const char *
named_file (void)
{
    const char *path = g_getenv (PASSWORD_FILE);

    return path != NULL && *path != '\0' ? path : NULL;
}

static char *
read_file (const char *path, GError **error)
{
    gboolean exposed;
    gsize length;
    char *text = secret_text_read (path, PASSWORD_MAX, &length, &exposed, error);

    if (text == NULL)
        return fail_prefix (error, "password file of " PASSWORD_FILE), NULL;
    text[strcspn (text, "\r\n")] = '\0';
    return text;
}

/* Without ISIG, control-C arrives as a byte and the terminal is put back before we leave: a signal
 * would leave the operator with a dead-looking console. */
static gboolean
silence (int fd, struct termios *before)
{
    struct termios quiet;

    if (tcgetattr (fd, before) < 0)
        return FALSE;
    quiet = *before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG);
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    return tcsetattr (fd, TCSAFLUSH, &quiet) == 0;
}

/* FALSE where the person gave up (control-C, control-D, hang-up). */
static gboolean
read_keys (int fd, char text[PASSWORD_MAX + 1])
{
    gsize length = 0;
    char c;

    for (;;) {
        if (TEMP_FAILURE_RETRY (read (fd, &c, 1)) != 1 || c == 0x03 || c == 0x04)
            return FALSE;
        if (c == '\n' || c == '\r')
            break;
        if (c == 0x7f || c == '\b')
            length -= length > 0 ? 1 : 0;
        else if (c == 0x15) /* control-U: from the start */
            length = 0;
        else if (length < PASSWORD_MAX)
            text[length++] = c;
    }
    text[length] = '\0';
    return TRUE;
}

static char *
ask (int fd, const char *prompt, GError **error)
{
    char *text = sodium_malloc (PASSWORD_MAX + 1);
    struct termios before;
    gboolean given;

    if (text == NULL)
        return fail_null (error, ERR_FAILED, "no memory for a password");
    if (!silence (fd, &before)) {
        sodium_free (text);
        return fail_null (error, ERR_USAGE, "the terminal cannot hide a password");
    }
    given = file_write_all (fd, "/dev/tty", prompt, strlen (prompt), NULL) && read_keys (fd, text);
    tcsetattr (fd, TCSAFLUSH, &before);
    (void)!file_write_all (fd, "/dev/tty", "\n", 1, NULL);
    if (given)
        return text;
    sodium_free (text);
    return fail_null (error, ERR_USAGE, "no password given; nothing was done");
}

/* The terminal itself, not stdin: stdin may be a pipe. */
static int
open_terminal (GError **error)
{
    int fd = openat (AT_FDCWD, "/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (fd < 0)
        fail (error, ERR_USAGE,
              "a password is needed and there is no terminal to ask on: name a file that holds it "
              "in the environment variable " PASSWORD_FILE);
    return fd;
}

char *
password_read (const char *prompt, gpointer data, GError **error)
{
    if (!keys_start (error))
        return NULL;
    if (named_file () != NULL)
        return read_file (named_file (), error);
    autofd int fd = open_terminal (error);
    return fd < 0 ? NULL : ask (fd, prompt, error);
}

static gboolean
confirm (const char *what, const char *first, GError **error)
{
    g_autofree char *prompt = message_printf ("Again the password for %s: ", what);
    char *second = password_read (prompt, NULL, error);
    gboolean equal;

    if (second == NULL)
        return FALSE;
    equal = strlen (first) == strlen (second) && sodium_memcmp (first, second, strlen (first)) == 0;
    sodium_free (second);
    return equal || fail (error, ERR_USAGE, "the two passwords differ; nothing was done");
}

char *
password_read_new (const char *what, GError **error)
{
    g_autofree char *prompt = message_printf ("New password for %s: ", what);
    char *text = password_read (prompt, NULL, error);

    if (text == NULL)
        return NULL;
    if (*text == '\0')
        fail (error, ERR_USAGE, "an empty password protects nothing; --no-password says so openly");
    else if (named_file () != NULL || confirm (what, text, error))
        return text;
    sodium_free (text);
    return NULL;
}

char *
password_judge_file (void)
{
    const char *path = named_file ();
    struct stat st;

    if (path == NULL || fstatat (AT_FDCWD, path, &st, 0) < 0 || !S_ISREG (st.st_mode) ||
        (st.st_mode & 0044) == 0)
        return NULL;
    return message_printf ("others may read the password file '%s' of " PASSWORD_FILE
                           "; if that is not meant: chmod 600 '%s'",
                           path, path);
}
