/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "keys/trust.h"

#include <glib.h>

/* What hosts sign. */

/* The host that made this signature (the text of a minisign file) over exactly these bytes: the
 * name of its key in the trust root, owned by it. Otherwise ERR_TRUST; revoked wins. Nothing of
 * text is parsed: it must begin with type_line. what names the text in messages. */
const char *trust_check_host (const TrustRoot *root, const char *type_line, GBytes *text,
                              GBytes *signature, const char *what,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
