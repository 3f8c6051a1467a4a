/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "keys/root.h"

#include <glib.h>

/* What a root changes against the one before, in lines for whoever is to sign it: every value that
 * decides anything. before NULL: all of it is new. Each line begins with two blanks. Caller
 * frees. */
char *root_diff_to_text (const Root *before, const Root *after);
