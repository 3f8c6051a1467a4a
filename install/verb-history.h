/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/dora.h"

/* Prints history --json (install/FORMAT.md). checked: were the chains proven? */
void verb_history_json (const History *history, GPtrArray *doras, gboolean checked);
