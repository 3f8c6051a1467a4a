/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "keys/public.h"

#include <glib.h>

/* A program that has the secret key: an HSM's, a smart card's, a key service's. What it is handed
 * and must answer: keys/FORMAT.md, "Programs that sign". */
typedef struct {
    const char *command; /* its words are parted as a shell would, but no shell runs */
    guint wait;          /* seconds that one run of it may take */
} External;

#define EXTERNAL_WAIT 600 /* somebody may have to fetch the token, or to approve elsewhere */

/* As sign_bytes, by the program, which runs twice. Both its answers are checked against key before
 * this returns. ERR_USAGE: the command is no list of words; ERR_FAILED: it does not start, fails,
 * takes too long or gives anything but 64 bytes; ERR_TRUST: what it gives is no signature of key.
 */
GBytes *external_sign_bytes (const External *external, const PublicKey *key, GBytes *message,
                             const char *comment, GError **error) G_GNUC_WARN_UNUSED_RESULT;
