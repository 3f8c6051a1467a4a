/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/patches.h"
#include "bundle/schedule.h"

/* What recipes are written from (make side). */
typedef struct {
    const Contents *contents;
    const Schedule *schedule;
    const Patches *patches;
    const guint *bases; /* the number in the packing list of each base of contents->bases */
} RecipeSource;

/* The recipe of layer number i, as bundle/recipe.h reads it. */
GBytes *recipe_write (const RecipeSource *from, guint i);
/* The list of base files that all of them draw on. */
GBytes *recipe_write_bases (const RecipeSource *from);
