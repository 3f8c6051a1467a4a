/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

#define URI_BYTES_MAX 1024

/* An absolute URI of plain ASCII that anybody may read: without a query, and with a user only where
 * that is no secret (ssh://git@…), for tokens stand there. The message does not repeat it. */
gboolean uri_check (const char *uri, GError **error) G_GNUC_WARN_UNUSED_RESULT;
