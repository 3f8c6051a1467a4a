/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/release.h"

#include <glib.h>

/* What is allowed but most likely a mistake. warnings (char *, "NAME:LINE:COLUMN: …") grows. */

/* Plays of carried playbooks that match no host of their inventory: they end well and do nothing.
 */
void lint_plays (const Release *release, int dirfd, GPtrArray *warnings);
/* Carried files that look as if they held a secret. */
void lint_secrets (const Release *release, int dirfd, GPtrArray *warnings);

/* One play of a playbook, for the first of these. */
typedef struct {
    char *hosts; /* patterns, joined by ","; NULL where the play has none (an import) */
    guint line, column;
} LintPlay;

/* Reads the plays of a playbook, which may use all of YAML. NULL with error where it is none. */
GArray *lint_read_plays (GBytes *text, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The names of hosts and groups in an inventory, INI or YAML; "~" stands for any where it cannot be
 * told. Caller frees. */
GHashTable *lint_read_inventory (GBytes *text);
/* FALSE only where the patterns surely match none of the names. */
gboolean lint_hosts_may_match (const char *hosts, GHashTable *names);
