/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <json-glib/json-glib.h>

/* Prints the whole document on stdout. */
void verb_json_print (JsonBuilder *builder);
