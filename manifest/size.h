/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* "1,234,567" style is never used: bytes are shown as "12.3 MB" (powers of ten). Caller frees. */
char *size_to_text (guint64 bytes);
