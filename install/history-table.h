/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/dora.h"

#include <glib.h>

/* Receipts as a person reads them. All texts are fit for a terminal; the caller frees them. */

/* One line a run, with the host where there are several. */
char *history_runs_text (const History *history);
/* A table for each product: hosts down, releases across, the newest at the right. */
char *history_releases_text (const History *history);
/* A line for each host: how many receipts, are they good, who knows its key. */
char *history_hosts_text (const History *history);
/* Some lines for each product. */
char *history_dora_text (GPtrArray *doras);
