/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/lint.h"
#include "manifest/verb.h"

#include <glib.h>

/* What lint found, for its printing. */
typedef struct {
    GPtrArray *problems; /* char *: mistakes */
    Release *release;    /* NULL where the text itself is wrong */
    Lint lint;           /* empty where release is NULL or its files are not there */
    gboolean passed;
} LintResult;

void verb_lint_json (const LintResult *result);
void verb_lint_text (const VerbOutput *output, const char *path, const LintResult *result,
                     gboolean strict);
void verb_lint_rules (const VerbOutput *output);
