/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/release.h"

/* What a host's clock says about a release, and the release about the clock. Clocks are not
 * trusted: nothing that is said here may refuse anything. */

/* Adds to notes (char *) what a person should know: that the clock cannot be right, for it shows
 * less than the release or this program knows to have been, or that the release is older than its
 * makers advise. now: seconds since 1970. */
void release_clock_note (const Release *release, gint64 now, GPtrArray *notes);
/* "2026-11-22 08:30 UTC, 3 days ago"; NULL where the release does not say. Caller frees. */
char *release_clock_age (const Release *release, gint64 now);
