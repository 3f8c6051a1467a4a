/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "keys/secret.h"

#include <glib.h>

/* A key pair on disk: NAME.key (0600) and NAME.pub. */

/* ERR_FAILED where NAME.suffix is there already: a key is never overwritten. */
gboolean key_files_check_absent (int dirfd, const char *name, const char *suffix,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* password NULL: not encrypted. memory as in secret_key_write. */
gboolean key_files_write_secret (int dirfd, const char *name, const SecretKey *key,
                                 const char *password, guint64 *memory,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean key_files_write_public (int dirfd, const char *name, const SecretKey *key,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Sentences for the verb to warn with about a folder in which secrets are to lie (char *). */
GPtrArray *key_files_judge_folder (int dirfd);
/* The same about scrypt that used less memory than it should; NULL where all is well. */
char *key_files_judge_memory (guint64 memory);
