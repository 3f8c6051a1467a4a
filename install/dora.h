/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/history.h"

#include <glib.h>

/* The four figures of DevOps Research and Assessment (dora.dev/guides/dora-metrics-four-keys), of
 * one product, from receipts.
 *
 * A deployment is an install of another release than the one that was there, which came past the
 * switch: it ended well, was rolled back, or needs a person. It failed where it did not end well,
 * or where the host's next run of that product went back. Restored is the end of the run that
 * went back, or of the next one that ended well, from the end of the deployment on; a run that
 * rolled back by itself took its own time. Lead time goes from "issued" in the signed statement to
 * the end of a deployment that ended well. */

typedef struct {
    char *product;
    guint deployments, failed;
    gint64 days;           /* from the first to the last deployment, at least 1 */
    guint leads, restores; /* how many the medians are of */
    gint64 lead, restore;  /* seconds, median; 0 where there are none */
} Dora;

/* Sorted by name (Dora). */
GPtrArray *dora_of (const History *history);
