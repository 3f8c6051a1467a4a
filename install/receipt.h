/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/host.h"

#include <glib.h>

/* No product can have this name. */
#define RECEIPT_FILE "receipts.log"

/* One line per run in STATE/receipts.log: when, what, how it ended. Fields never hold values of the
 * host. */
typedef struct {
    const char *verb, *path;
    const char *product; /* NULL where it was refused before that was known */
    guint64 release;
    const char *digest;
    const char *network;
    int status;
    const char *message; /* NULL where it went well */
} Receipt;

gboolean receipt_add (const Host *host, const Receipt *receipt,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
