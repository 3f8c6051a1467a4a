/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* What an argument of "%s" is shown as, or NULL: as it is. quoted: it stands in quotes. */
typedef char *(*MessageWordFunc) (const char *text, gboolean quoted);

/* Fills in translation, which stands for format. Of both, only what this program's formats use is
 * known; what an argument is, format says, and a translation that asks for another thing, or for
 * one that is not there, gives NULL: no catalogue can make a message read what it was not given.
 * A translation may take arguments in another order ("%2$s"). Widths of strings are columns of a
 * terminal. Caller frees. */
char *message_format (const char *format, const char *translation, MessageWordFunc word,
                      va_list args) G_GNUC_PRINTF (1, 0);
