/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "keys/trust.h"

#include <glib.h>

/* The keys that a new trust root begins with, and the root over them: two root keys (the second for
 * the safe) and one release key, each role of threshold 1. */

typedef struct NewTrust NewTrust;

typedef struct {
    int secrets_fd, trust_fd;                     /* folders */
    const char *root_password, *release_password; /* NULL: not encrypted */
} NewTrustPlaces;

NewTrust *new_trust_make (GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Root 1, signed by the first root key and proven. products NULL: all. */
TrustRoot *new_trust_sign (const NewTrust *fresh, char **products,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* None of the files may be there. */
gboolean new_trust_check_absent (const NewTrustPlaces *places,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* NAME.key and NAME.pub of each. *memory as in secret_key_write, the least of all. */
gboolean new_trust_write (NewTrust *fresh, const NewTrustPlaces *places, guint64 *memory,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes what new_trust_write wrote, so that a failed run can be repeated. Nothing else: another
 * run may be under way in the same folder. */
void new_trust_take_back (const NewTrust *fresh, const NewTrustPlaces *places);
void new_trust_free (NewTrust *fresh);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NewTrust, new_trust_free)
