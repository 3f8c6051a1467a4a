/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Fills "{{ name }}" of declared values (HostValue) into a config, and knows nothing else: any
 * other
 * "{{" is ERR_FORMAT with its line. name is for messages. */
GBytes *template_fill (GBytes *text, GPtrArray *values, const char *name,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
