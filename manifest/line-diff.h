/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* How one text becomes another, as diff -u says it. */

#define LINE_DIFF_CONTEXT 3    /* equal lines shown around a change */
#define LINE_DIFF_LINES 100000 /* of each text; beyond that they are not compared */
#define LINE_DIFF_EDITS 1000   /* lines taken out and put in; time and memory grow with it */

/* Makes a line (without its line feed) fit to be shown. Caller frees. */
typedef char *(*LineDiffShow) (const char *line, gsize length, gpointer data);

/* The hunks: "@@ -1,3 +1,4 @@", then lines that begin with a blank, "-" or "+". Empty where the
 * texts are equal. NULL where they are not compared, and *why is the reason ("binary", …). show may
 * be NULL: lines are shown as they are. Caller frees. */
char *line_diff (GBytes *old, GBytes *new, LineDiffShow show, gpointer data, const char **why);
