/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/report.h"

#include <glib.h>

/* The configs of two releases, by where they are placed. */

/* Before the trees are compared: keeps the texts of all configs of both bundles. */
void report_want_configs (Diff *diff);
/* Afterwards: ReportConfig elements, B's in their order, then those of A that B does not have. */
GPtrArray *report_compare_configs (const Diff *diff);
