/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* A Content-Range: "bytes FIRST-LAST/TOTAL". */
typedef struct {
    guint64 first;
    guint64 last;  /* included; never below first */
    guint64 total; /* above last; G_MAXUINT64: "*", it is not said */
} ContentRange;

gboolean content_range_parse (const char *text, ContentRange *out,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
