/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* One domain for the whole program. A code is chosen by what the user does next, and its value is
 * the exit status that the command line promises. */
typedef enum {
    ERR_FAILED = 1,          /* failed, host unchanged */
    ERR_USAGE = 2,           /* the call is wrong */
    ERR_FORMAT = 3,          /* not a bundle, damaged, or malformed */
    ERR_TRUST = 4,           /* signature, key, threshold, revoked */
    ERR_POLICY = 5,          /* downgrade, product, platform, site, foreign name */
    ERR_SPACE = 6,           /* not enough space */
    ERR_ENGINE = 7,          /* engine unreachable or refused */
    ERR_ROLLED_BACK = 8,     /* failed after changes began; rolled back */
    ERR_NEEDS_ATTENTION = 9, /* could not be put back: needs a person */
    ERR_BASE_MISSING = 10,   /* a delta's base is not there */
    ERR_NOT_READY = 11,      /* requirement, value or decision missing on the host */
    ERR_BUSY = 75,           /* another run is under way (EX_TEMPFAIL) */
} ErrorCode;

#define HANDCARRY_ERROR (handcarry_error_quark ())
GQuark handcarry_error_quark (void);

/* Sets error to the formatted message and returns FALSE, so that a failing line is one statement:
 * return fail (error, ERR_FORMAT, "…"). */
gboolean fail (GError **error, ErrorCode code, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* The same for functions that return a pointer. */
#define fail_null(...) ((void)fail (__VA_ARGS__), NULL)

/* Like fail(), and appends ": " with the text of errnum. ENOSPC and EDQUOT become ERR_SPACE
 * whatever the code asked for. */
gboolean fail_errno (GError **error, ErrorCode code, int errnum, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

/* Puts "prefix: " before the message of *error, for the function that knows the object. Returns
 * FALSE. */
gboolean fail_prefix (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* Exit status for an error: its code when it is ours, else a class for GIO's domains, else 1. */
int error_exit_status (const GError *error);

/* What the user can do about a class of error, or NULL where the message itself says it. */
const char *error_hint (int status);

/* Text from outside made fit for a terminal: control characters, bytes that are not UTF-8 and
 * bidirectional overrides become \xNN or \u{N}; longer than 200 bytes is cut with "…".
 * Caller frees. */
char *error_quote (const char *text);
/* The same for whole messages: nothing is cut, and line breaks and tabs stay. */
char *error_clean (const char *text);
/* A word of a command that is shown to be typed, quoted where a shell needs it. Caller frees. */
char *error_shell_word (const char *word);
