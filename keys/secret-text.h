/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Reads a key or password file given by the user, into memory from sodium_malloc, ended by a zero
 * byte; free it with sodium_free. It may be a pipe too (bash: <(…), /dev/fd/3), so that a secret
 * need not lie in any file. *exposed: others than the owner may read the file. More than limit
 * bytes, a device or a socket is ERR_FORMAT. */
char *secret_text_read (const char *path, gsize limit, gsize *length, gboolean *exposed,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
