/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/have.h"
#include "manifest/statement.h"

#include <glib.h>

/* The hosts that a delta must fit, and what they have in common (make side). */
typedef struct Targets Targets;

Targets *targets_new (void);
/* A host at a release: it has these images (StatementImage). */
void targets_add_release (Targets *targets, GPtrArray *images);
void targets_add_have (Targets *targets, const Have *have);
void targets_free (Targets *targets);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Targets, targets_free)

guint targets_count (const Targets *targets);
/* How many of the lowest of these layers (Digest) every target has, in one image. reusable: so that
 * a load can leave them out; else that their files can be read is enough. */
guint targets_common (const Targets *targets, const GArray *layers, gboolean reusable);
/* Has target t an image of exactly these layers? */
gboolean targets_has_image (const Targets *targets, guint t, const GArray *layers);
/* A name of an image of the first target that has the lowest n of these layers. */
const char *targets_name (const Targets *targets, const GArray *layers, guint n);
