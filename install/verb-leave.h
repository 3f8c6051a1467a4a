/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/run.h"

#include <glib.h>

/* What rollback and remove share: one product, a plan, a question, a transaction. */

typedef struct {
    const char *description;
    const GOptionEntry *entries; /* of its own, or NULL */
    const char *question;        /* "Go back?" */
    gboolean (*plan) (Run *run, GError **error);
    /* First line of the plan, and what is said when it is done. Caller frees. */
    char *(*headline) (const Run *run);
    char *(*result) (const Run *run);
    const gint64 *until; /* again until this release is the current one; NULL: once */
} LeaveVerb;

int verb_leave (int argc, char **argv, const LeaveVerb *verb, GError **error);
