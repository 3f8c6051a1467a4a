/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/bundle.h"
#include "bundle/pack.h"

#include <glib.h>

/* Layers that share files in every way; a bundle of them is made by pack() itself. */
#define N_LAYERS 6
#define FILE_BYTES 40000

typedef struct {
    char *dir, *path;
    gboolean apart; /* the bundle is read by a process of its own */
    GByteArray *layers[N_LAYERS];
    Digest diffids[N_LAYERS]; /* in the statement's order: layer 2 comes where image one has it */
} World;

void world_set_up (World *world, guint seed);
void world_clear (World *world);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (World, world_clear)

/* A bundle of two images; spool as in PackOptions. */
Bundle *world_pack (const World *world, guint64 spool, PackResult *result);
/* The layers (Digest) whose bits are set. */
GArray *world_subset (const World *world, guint mask);

/* For GTest: such a bundle, read apart. */
typedef struct {
    World world;
    Bundle *bundle;
    PackResult result;
} WorldFixture;

void world_fixture_set_up (WorldFixture *fixture, gconstpointer data);
void world_fixture_tear_down (WorldFixture *fixture, gconstpointer data);
