/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/digest.h"

#include <glib.h>

/* The parts of "trust import". Only keys/verb-trust-*.c include this. */

/* The chain (SignedRoot, unproven) that path brings: a trust folder or a text in one, a bundle, a
 * trust bundle, or a folder with one of these, as a stick is. In a folder a trust folder goes
 * first, then the one trust bundle (several: ERR_USAGE), then the longest chain of its bundles:
 * where two of them differ, which is meant is not for a program to guess (ERR_TRUST). */
GPtrArray *trust_source_read (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What of path to give to plan: a bundle, or the folder with bundles beside or above it. NULL:
 * there is none. Caller frees. */
char *trust_source_find_bundles (const char *path);

/* Asks for the fingerprint on the terminal, twice at most; it may come in several lines. */
gboolean trust_ask_fingerprint (const Digest *digest, GError **error) G_GNUC_WARN_UNUSED_RESULT;
