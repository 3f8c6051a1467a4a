/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/run.h"

#include <glib.h>

/* Plans of the runs that leave a release: back to the one before it, or for good. Each takes
 * what is stored of the product that run->state tells of (run-open.h: run_open_product), and
 * fills run->steps by looking. Changes nothing. */

/* Back to the release that the current one followed. ERR_NOT_READY: that is not possible, and why
 * not (also for status); ERR_POLICY: old programs would be started on data they cannot read. */
gboolean leave_plan_rollback (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Takes the product away; volumes stay. */
gboolean leave_plan_remove (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
