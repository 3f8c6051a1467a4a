/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* The end of what a program said, for the message of its failure: secrets masked, fit for a
 * terminal, few lines. */
typedef struct LastLines LastLines;

/* values: HostValue, may be NULL; copies what it needs. */
LastLines *last_lines_new (GPtrArray *values);
/* Is a LauncherOutput. */
void last_lines_add (const guint8 *bytes, gsize length, gpointer lines);
/* Each line after a line end and four blanks; "" where nothing was said. Nothing is added after it.
 * Caller frees. */
char *last_lines_text (LastLines *lines);
void last_lines_free (LastLines *lines);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LastLines, last_lines_free)
