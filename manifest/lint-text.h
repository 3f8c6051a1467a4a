/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/lint.h"

#include <glib.h>

/* Rules over the text of one file that is carried. path outlives lint; text is NUL-terminated. */

/* Keys, tokens and passwords in the text; and, where there are none, the file's own name. text:
 * NULL where the file is binary. */
void lint_secrets_read (Lint *lint, const char *path, const char *text);
/* Defaults of values in release.yaml that should be secrets. */
void lint_secrets_values (Lint *lint);
/* References by digest to images that the release carries. */
void lint_digests_read (Lint *lint, const char *path, const char *text);

/* The text of a file as a token of a known service, or a private key, would begin; for each,
 * what a person calls it. Ends with a NULL pattern. */
typedef struct {
    const char *mark; /* a text without which the pattern never fits, or NULL */
    const char *pattern, *what;
} LintToken;
extern const LintToken lint_tokens[];
/* Is that what a person would write for a password that is still to be put in, or a reference to
 * one that lies elsewhere? */
gboolean lint_is_placeholder (const char *value);
/* A platform that something (what, as a person reads it) is said to be for. */
void lint_platform_named (Lint *lint, const LintPlace *place, const char *what,
                          const char *platform);
/* Does a text from outside leave open what it will be (Jinja, a shell's or Compose's variable)? */
gboolean lint_is_template (const char *text);

/* Walks through a text; place gets the lines of offsets that only grow. */
typedef struct {
    const char *text;
    gsize at;
    guint line;
    gsize line_start;
} LintCursor;
void lint_cursor_seek (LintCursor *cursor, gsize offset, LintPlace *place);
