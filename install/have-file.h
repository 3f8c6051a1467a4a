/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "keys/sign.h"
#include "manifest/have.h"

#include <glib.h>

/* Writes a have file with path.minisig, its signature, and path.pub, the key that made it. An
 * earlier have file is replaced, another file never is (ERR_USAGE). The text comes last, so that
 * it is never there without its signature. */
gboolean have_file_write (const char *path, Have *have, const SecretKey *key,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
