/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Points in time as texts have them: RFC 3339 in UTC, whole seconds, "2026-11-22T08:30:00Z". */

/* *seconds are since 1970. FALSE: no such text, or no such day. */
gboolean moment_parse (const char *text, gint64 *seconds) G_GNUC_WARN_UNUSED_RESULT;
/* Caller frees. seconds may be any time of the years 1000 to 9999; others become the nearest. */
char *moment_to_text (gint64 seconds);
/* "2026-11-22 08:30 UTC", for sentences. */
char *moment_to_words (gint64 seconds);
