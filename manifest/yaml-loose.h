/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/yaml.h"

#include <glib.h>

/* Other people's YAML (playbooks, inventories), which may use all of it: anchors, tags such as
 * !vault and !unsafe, several documents. Only for looking into, never for taking values from. */

/* What stands where an alias is: as little is known of it as of a template. */
#define YAML_LOOSE_ALIAS "{{ alias }}"

/* A list of the documents. Tags are dropped, a key that is no scalar becomes "?", and what an alias
 * stands for is only where its anchor is. NULL with "NAME:LINE:COLUMN: …" where it is no YAML, or
 * nested deeper than LIMIT_YAML_LOOSE_DEPTH. Caller frees. */
YamlNode *yaml_parse_loose (GBytes *text, const char *name,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
