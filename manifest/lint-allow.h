/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/lint.h"

#include <glib.h>

/* Comments by which a person says that something is meant:
 *     # handcarry: allow RULE: REASON
 * on the line itself, or above it; in release.yaml also for a whole file that is carried:
 *     # handcarry: allow RULE PATH: REASON */

typedef struct {
    char *file; /* that it is about */
    guint line; /* there; 0: the whole file */
    LintRuleId rule;
    char *reason;
    LintPlace place; /* of the comment; its file belongs to whoever gave the text */
    gboolean used;
} LintException;

void lint_exception_free (gpointer data);
/* Takes the comments out of a file's text. What is wrong with one becomes a finding. path outlives
 * lint. */
void lint_allow_read (Lint *lint, const char *path, const char *text);
/* Gives each finding the reason that allows it, and tells the comments that none needs. */
void lint_allow_apply (Lint *lint);
