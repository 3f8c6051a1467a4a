/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/yaml.h"

#include <glib.h>

/* One play of a playbook. */
typedef struct {
    char *hosts; /* patterns, joined by ","; NULL where the play has none (an import) */
    guint line, column, first;
} LintPlay;

/* The plays in a playbook's documents (yaml-loose.h). Caller frees. */
GArray *lint_plays_find (const YamlNode *documents);
