/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* What a person reads, in the person's language. po/README.md says how it works.
 *
 * Every message is made in English, and English is what receipts, journals, logs and JSON get. Its
 * translation is remembered beside it, and found by the English text when it is shown: so one text
 * serves both. Formats are literals of this program, and are translated by the functions that take
 * them; so are arguments of "%s" that are such messages, or words marked with N_() here. What
 * stands in quotes ('%s') is data and stays as it is. */

/* Marks a text for po/extract that is translated where it is shown. */
#define N_(text) (text)

/* Reads the catalogue of the user's language, where there is one: from the folder of the program
 * and from nowhere else. Call first, before the environment is shed and threads begin. */
void message_begin (void);

/* The same for a catalogue that the caller has, or NULL: for tests. Not copied. */
struct Catalogue;
void message_use (const struct Catalogue *catalogue);

/* A message in English. Caller frees. */
char *message_printf (const char *format, ...) G_GNUC_PRINTF (1, 2);
char *message_vprintf (const char *format, va_list args) G_GNUC_PRINTF (1, 0);
/* Appends to a message that is made of several; text is one from its first byte on. */
void message_append (GString *text, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* Puts "prefix: " before message. Caller frees. */
char *message_join (const char *prefix, const char *message);

/* The translation of a message, or of a word of this program; the text itself where there is
 * none. Caller frees. */
char *message_shown (const char *text);
/* Text to be shown, and not to be kept. Caller frees. */
char *message_show (const char *format, ...) G_GNUC_PRINTF (1, 2);
char *message_vshow (const char *format, va_list args) G_GNUC_PRINTF (1, 0);
void message_show_append (GString *text, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* A message for another process of this program: the text, a NUL and its translation. */
GBytes *message_pack (const char *text);
/* The text, fit for a terminal, from what another process sent; its translation is remembered but
 * where the text has one here, so that a process that was taken over speaks for itself alone.
 * Caller frees. */
char *message_unpack (const char *bytes, gsize length);

/* What the system calls an error, as a message. */
char *message_errno (int errnum);

/* Columns that a text takes on a terminal: Hangul takes two a character. */
guint message_columns (const char *text);
