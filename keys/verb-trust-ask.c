/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/fingerprint.h"
#include "keys/verb-trust-import.h"
#include "manifest/error.h"
#include "manifest/verb.h"

#include <termios.h>
#include <unistd.h>

#define TRIES 2

/* One line, added to digits. *empty: nothing was on it. */
static gboolean
ask_line (GString *digits, gboolean *empty, GError **error)
{
    g_autofree char *prompt =
        digits->len == 0
            ? message_printf (
                  "Type the fingerprint you were given, in one line or in several (spaces, "
                  "dashes\nand capitals do not matter): ")
            : message_printf ("%" G_GSIZE_FORMAT " of %d digits; go on (an empty line ends it): ",
                              digits->len, DIGEST_HEX_LENGTH);
    g_autofree char *typed = verb_ask (prompt, error);
    gsize before = digits->len;

    if (typed == NULL)
        return fail_prefix (error, "the first trust root of a host needs a person, or "
                                   "--fingerprint");
    if (!fingerprint_add_typed (digits, typed, error))
        return FALSE;
    *empty = digits->len == before;
    return TRUE;
}

/* Paper has two lines, and a paste brings its line breaks along. */
static gboolean
ask_once (const Digest *digest, GError **error)
{
    g_autoptr (GString) digits = g_string_new (NULL);
    gboolean empty = FALSE;

    while (digits->len < DIGEST_HEX_LENGTH && (!empty || digits->len == 0))
        if (!ask_line (digits, &empty, error))
            return FALSE;
    return fingerprint_check (digest, digits->str, error);
}

gboolean
trust_ask_fingerprint (const Digest *digest, GError **error)
{
    for (guint i = 0; i < TRIES; i++) {
        g_autoptr (GError) problem = NULL;

        if (ask_once (digest, &problem))
            return TRUE;
        if (!g_error_matches (problem, HANDCARRY_ERROR, ERR_TRUST))
            return g_propagate_error (error, g_steal_pointer (&problem)), FALSE;
        /* What is left of a paste is neither a second try nor a command of the shell. */
        tcflush (STDIN_FILENO, TCIFLUSH);
        verb_warn ("%s", problem->message);
    }
    return fail (error, ERR_TRUST,
                 "the fingerprint was not typed; nothing was imported. If yours differs from the "
                 "one shown, somebody may have exchanged the file: ask the people who hold the "
                 "root keys");
}
