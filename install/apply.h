/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/run.h"

#include <glib.h>

/* Carries out run->steps: prepare all, apply all, write the state, commit all. Where one fails,
 * everything is taken back in reverse order. The error's class says how it ended: as the step said
 * while nothing was changed, ERR_ROLLED_BACK after that, ERR_NEEDS_ATTENTION where something could
 * not be taken back. */
gboolean apply_run (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
