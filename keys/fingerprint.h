/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/digest.h"

#include <glib.h>

/* How people compare trust roots: the SHA-256 of the newest root's text. */

/* Two lines of eight groups of four digits, each line beginning with indent and ending in LF.
 * Caller frees. */
char *fingerprint_to_text (const Digest *digest, const char *indent);
/* Is typed this value? Spaces and case do not matter, everything else does. */
gboolean fingerprint_matches (const Digest *digest, const char *typed);
