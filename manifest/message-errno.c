/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/message.h"

#include <string.h>

/* What glibc says, where it is likely to be met: looked up by the text, for the numbers differ from
 * one architecture to the next. */
static const char *const sentences[] = {
    N_ ("Operation not permitted"),
    N_ ("No such file or directory"),
    N_ ("Interrupted system call"),
    N_ ("Input/output error"),
    N_ ("No such device or address"),
    N_ ("Argument list too long"),
    N_ ("Exec format error"),
    N_ ("Bad file descriptor"),
    N_ ("No child processes"),
    N_ ("Resource temporarily unavailable"),
    N_ ("Cannot allocate memory"),
    N_ ("Permission denied"),
    N_ ("Device or resource busy"),
    N_ ("File exists"),
    N_ ("Invalid cross-device link"),
    N_ ("No such device"),
    N_ ("Not a directory"),
    N_ ("Is a directory"),
    N_ ("Invalid argument"),
    N_ ("Too many open files in system"),
    N_ ("Too many open files"),
    N_ ("Inappropriate ioctl for device"),
    N_ ("Text file busy"),
    N_ ("File too large"),
    N_ ("No space left on device"),
    N_ ("Illegal seek"),
    N_ ("Read-only file system"),
    N_ ("Too many links"),
    N_ ("Broken pipe"),
    N_ ("File name too long"),
    N_ ("Function not implemented"),
    N_ ("Directory not empty"),
    N_ ("Too many levels of symbolic links"),
    N_ ("Value too large for defined data type"),
    N_ ("Operation not supported"),
    N_ ("Network is unreachable"),
    N_ ("Connection reset by peer"),
    N_ ("Connection timed out"),
    N_ ("Connection refused"),
    N_ ("No route to host"),
    N_ ("Stale file handle"),
    N_ ("Disk quota exceeded"),
};

char *
message_errno (int errnum)
{
    const char *said = g_strerror (errnum);

    for (gsize i = 0; i < G_N_ELEMENTS (sentences); i++)
        if (strcmp (sentences[i], said) == 0)
            return message_printf ("%s", sentences[i]);
    return g_strdup (said);
}
