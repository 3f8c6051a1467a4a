/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/host.h"

#include <glib.h>

/* No product can have this name. */
#define AUDIT_FILE "audit.log"

/* What a host refused to do: one line in STATE/audit.log, and nothing else is changed. Fields never
 * hold values of the host. */
typedef struct {
    const char *verb, *path;
    const char *by;      /* who wanted it */
    const char *product; /* NULL where it was refused before that was known */
    guint64 release;
    const char *digest;
    const char *network;
    int status;
    const char *message;
} Refusal;

gboolean audit_add (const Host *host, const Refusal *refusal,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
