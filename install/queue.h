/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* A bounded pipe between the thread that rebuilds layers and the one that talks to the engine. */
typedef struct Queue Queue;

Queue *queue_new (gsize capacity);
void queue_free (Queue *queue);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Queue, queue_free)

/* Waits until all of it has room. FALSE: the reader gave up. */
gboolean queue_push (Queue *queue, const guint8 *bytes, gsize length) G_GNUC_WARN_UNUSED_RESULT;
/* The writer is done: whole says whether the reader may believe the end. */
void queue_close (Queue *queue, gboolean whole);
/* Waits for bytes, at most milliseconds. Their number; 0 at a whole end; -1 after an end that is
 * none; -2 when nothing came in time. */
gssize queue_pop (Queue *queue, guint8 *buffer, gsize length, guint milliseconds);
/* The reader gives up: pushing fails from now on. */
void queue_abandon (Queue *queue);
