/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Passwords live in memory from sodium_malloc only; free them with sodium_free. */

/* Asks on the terminal without echo, or reads the first line of the file or pipe named by the
 * environment variable HANDCARRY_PASSWORD_FILE. Fits PasswordFunc; data is not used. No terminal
 * and no file is ERR_USAGE. */
char *password_read (const char *prompt, gpointer data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* For a new key: asks twice on a terminal, refuses an empty one. what is e.g. "the root key". */
char *password_read_new (const char *what, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What a verb warns about: others may read the file that HANDCARRY_PASSWORD_FILE names. NULL where
 * there is nothing to say; caller frees. */
char *password_judge_file (void) G_GNUC_WARN_UNUSED_RESULT;
