/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/launcher.h"
#include "install/values-file.h"

#include <glib.h>

/* Values that a file of the host or a program gives (install/FORMAT.md, "Values"). */

/* Is it there, and is it what only root can change? The file is not read and nothing is run.
 * ERR_NOT_READY. */
gboolean value_source_check (const ValueGiven *given, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The text; caller frees it with value_source_free. launcher runs the program, whose stderr is the
 * terminal. ERR_NOT_READY: none, too long, no text, or the program failed. */
char *value_source_get (const ValueGiven *given, Launcher *launcher,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Leaves no secret behind in freed memory. */
void value_source_free (gpointer text);
/* What was read, as a value: without the line end at its end. Refuses NUL, what is no UTF-8, and
 * nothing at all. Takes
 * bytes; what is for messages. */
char *value_source_text (GString *bytes, const char *what,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
