/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/patches.h"
#include "bundle/schedule.h"

/* The recipe of layer number i, as bundle/recipe.h reads it (make side). */
GBytes *recipe_write (const Contents *contents, const Schedule *schedule, const Patches *patches,
                      guint i);
