/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Compares the numbers of two versions of a tool ("20.10.24+dfsg1" against "20.10"): what follows
 * the last number counts for nothing, and a missing number is 0. Releases have numbers of their
 * own and are never compared so. */
int version_compare (const char *a, const char *b);
