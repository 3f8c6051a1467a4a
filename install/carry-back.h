/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/host.h"

#include <glib.h>

/* Name of the host's public key among its receipts that were carried away. */
#define CARRY_BACK_KEY "host.pub"

/* Copies the host's receipts, their signatures and its public key into dir/HOST/, as far as they
 * are not there yet. What is there is never replaced: a file that differs is ERR_FAILED, after all
 * others have been copied. *copied: how many receipts are there now that were not before. */
gboolean carry_back (const Host *host, const char *dir, guint *copied,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
