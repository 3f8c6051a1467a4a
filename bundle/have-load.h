/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "keys/trust.h"
#include "manifest/have.h"

#include <glib.h>

/* Reads a have file that came back from a host: path, and path.minisig beside it. Its signature by
 * a host of the trust root is checked before anything is parsed. ERR_TRUST: not signed, altered,
 * not enrolled (the message has the line to type), revoked, or signed by another host. */
gboolean have_load (const char *path, const TrustRoot *trust, Have **have,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
