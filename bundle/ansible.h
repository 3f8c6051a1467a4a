/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* The ansible.cfg under which a carried playbook runs, on a host and where it is checked before it
 * is packed: only our callback plugin, only the carried collections and roles. work: the folder of
 * the run; tree: where the tree lies; playbook: its path below that. */
GBytes *ansible_config (const char *work, const char *tree, const char *playbook);
