/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "keys/root.h"

#include <glib.h>

/* Changes to the values of the root that comes next. *changed is only ever set to TRUE. What the
 * values then are is checked by root_change_check. */

/* Enrols a host's key, in the role 'host' or the one that signs receipts. Another key of that name,
 * a key with another name or a revoked one is ERR_TRUST. */
gboolean root_change_add_host (Root *root, const char *name, const PublicKey *key,
                               gboolean *changed, GError **error) G_GNUC_WARN_UNUSED_RESULT;
