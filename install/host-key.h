/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/host.h"
#include "keys/sign.h"

#include <glib.h>

/* The key by which a host signs what it says of itself: ETC/host.key and host.pub (keys/FORMAT.md,
 * "Hosts"). Made on first use and never overwritten; *fresh says that it was now. */
SecretKey *host_key_open (const Host *host, gboolean *fresh,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
