/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/password.h"

#include "keys/selftest.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define PASSWORD_MAX 1023
#define PASSWORD_FILE "HANDCARRY_PASSWORD_FILE"

static char *
read_file (const char *path, GError **error)
{
    autofd int fd = file_open_given (path, error);
    char *text = fd < 0 ? NULL : sodium_malloc (PASSWORD_MAX + 2);
    ssize_t length;

    if (fd < 0)
        return fail_prefix (error, "password file of " PASSWORD_FILE), NULL;
    if (text == NULL)
        return fail_null (error, ERR_FAILED, "no memory for a password");
    length = TEMP_FAILURE_RETRY (read (fd, text, PASSWORD_MAX + 1));
    if (length < 0 || length > PASSWORD_MAX) {
        sodium_free (text);
        return fail_null (error, ERR_USAGE,
                          "password file '%s' is not to be read, or longer than "
                          "%d bytes",
                          path, PASSWORD_MAX);
    }
    text[length] = '\0';
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
    const char *path = g_getenv (PASSWORD_FILE);

    if (!keys_start (error))
        return NULL;
    if (path != NULL && *path != '\0')
        return read_file (path, error);
    autofd int fd = open_terminal (error);
    return fd < 0 ? NULL : ask (fd, prompt, error);
}

static gboolean
confirm (const char *what, const char *first, GError **error)
{
    g_autofree char *prompt = g_strdup_printf ("Again the password for %s: ", what);
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
    g_autofree char *prompt = g_strdup_printf ("New password for %s: ", what);
    char *text = password_read (prompt, NULL, error);

    if (text == NULL)
        return NULL;
    if (*text == '\0')
        fail (error, ERR_USAGE, "an empty password protects nothing; --no-password says so openly");
    else if (confirm (what, text, error))
        return text;
    sodium_free (text);
    return NULL;
}
