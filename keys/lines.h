/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* What minisign's three kinds of file share: a fixed number of LF lines, comments and base64. We
 * are stricter than minisign on purpose (keys/FORMAT.md): one signature has one encoding. */

typedef struct {
    const char *start; /* not terminated */
    gsize length;      /* without the LF */
} Line;

/* Cuts text into exactly count lines that each end in LF. CR anywhere, fewer or more lines, or a
 * last line without its LF are ERR_FORMAT. name is for messages. */
gboolean lines_split (const char *text, gsize length, Line *lines, guint count, const char *name,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Takes prefix off a comment line of at most limit bytes and checks that the rest is printable
 * ASCII or TAB. what is "untrusted comment" or "trusted comment". */
gboolean lines_take_comment (Line *line, const char *what, gsize limit, const char *name,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Printable ASCII and TAB only (minisign's own default trusted comment holds TABs). */
gboolean lines_is_comment (const char *text, gsize length);

/* Decodes a line that must be the one canonical base64 of exactly length bytes. Constant time in
 * the decoded values; out is zeroed on failure. */
gboolean lines_decode (const Line *line, const char *what, guint8 *out, gsize length,
                       const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Base64 with padding. Caller frees. Not for secrets. */
char *lines_encode (const guint8 *bytes, gsize length);
