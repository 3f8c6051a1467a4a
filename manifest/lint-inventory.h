/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Which hosts an inventory names, INI or YAML, and which of them a play's `hosts` match. */

typedef struct LintInventory LintInventory;

LintInventory *lint_inventory_parse (GBytes *text);
void lint_inventory_free (LintInventory *inventory);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LintInventory, lint_inventory_free)
/* Why its hosts are known only to Ansible (a plugin, a program), or NULL. */
const char *lint_inventory_unknown (const LintInventory *inventory);

typedef enum {
    LINT_HOSTS_NONE,
    LINT_HOSTS_SOME,
    LINT_HOSTS_UNKNOWN, /* a template, an alias, a regular expression that is none here */
} LintHosts;

/* Patterns as Ansible has them: "web:db", "all:!db", "web:&here", globs, "~regex", "web[0]". */
LintHosts lint_inventory_match (const LintInventory *inventory, const char *hosts);
