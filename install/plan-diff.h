/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* What a change of a config is shown as: unified hunks, fit for a terminal, without the host's
 * secrets. values: HostValue. template: the config with its placeholders, or NULL where it has
 * none: also what a secret was before is not shown, where the line can be told. NULL where nothing
 * is shown, and *why is the reason. Caller frees. */
char *plan_diff (GBytes *old, GBytes *new, GBytes *template, GPtrArray *values, const char **why);
