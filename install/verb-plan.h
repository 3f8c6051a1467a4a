/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/run.h"

/* Prints the plan as one JSON object (install/FORMAT.md). */
void verb_plan_json (const Run *run, gboolean changed);
