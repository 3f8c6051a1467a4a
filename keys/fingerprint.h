/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/digest.h"

#include <glib.h>

/* How people compare trust roots: the SHA-256 of the newest root's text. */

/* Two lines of eight groups of four digits, each line beginning with indent and ending in LF.
 * Caller frees. */
char *fingerprint_to_text (const Digest *digest, const char *indent);
/* Adds to digits those of a line that was typed or pasted, as small letters. Spaces, dashes, colons
 * and case do not matter, those of a word processor neither. ERR_TRUST names what is no digit. */
gboolean fingerprint_add_typed (GString *digits, const char *typed,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Are these digits (of fingerprint_add_typed) this value? ERR_TRUST says what is wrong with them;
 * keys/FORMAT.md, "First trust", says how much. */
gboolean fingerprint_check (const Digest *digest, const char *digits,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Both, for one text. */
gboolean fingerprint_check_typed (const Digest *digest, const char *typed,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
