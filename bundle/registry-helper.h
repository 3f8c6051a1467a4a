/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/registry-credentials.h"

/* Asks docker-credential-NAME, found in $PATH, for host: the name goes to its standard input and
 * the secret comes on its standard output. It has a minute. What it does not know is
 * CREDENTIALS_NONE; ERR_FAILED is a program that is missing or fails. */
gboolean credential_helper_get (const char *name, const char *host, Credentials *out,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Reads its answer: {"ServerURL": …, "Username": …, "Secret": …}. */
gboolean credential_helper_parse (GBytes *text, Credentials *out,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
