/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/queue.h"

#include <string.h>

struct Queue {
    GMutex mutex;
    GCond changed;
    guint8 *ring;
    gsize capacity, start, used;
    gboolean closed, whole, abandoned;
};

Queue *
queue_new (gsize capacity)
{
    Queue *queue = g_new0 (Queue, 1);

    g_mutex_init (&queue->mutex);
    g_cond_init (&queue->changed);
    queue->ring = g_malloc (capacity);
    queue->capacity = capacity;
    return queue;
}

void
queue_free (Queue *queue)
{
    if (queue == NULL)
        return;
    g_mutex_clear (&queue->mutex);
    g_cond_clear (&queue->changed);
    g_free (queue->ring);
    g_free (queue);
}

/* Copies what fits in one run, with the lock held. */
static gsize
put_run (Queue *queue, const guint8 *bytes, gsize length)
{
    gsize end = (queue->start + queue->used) % queue->capacity;
    gsize n = MIN (length, queue->capacity - queue->used);

    n = MIN (n, queue->capacity - end);
    memcpy (queue->ring + end, bytes, n);
    queue->used += n;
    return n;
}

gboolean
queue_push (Queue *queue, const guint8 *bytes, gsize length)
{
    gboolean taken = TRUE;

    g_mutex_lock (&queue->mutex);
    while (length > 0 && taken) {
        while (queue->used == queue->capacity && !queue->abandoned)
            g_cond_wait (&queue->changed, &queue->mutex);
        taken = !queue->abandoned;
        if (taken) {
            gsize n = put_run (queue, bytes, length);

            bytes += n;
            length -= n;
            g_cond_broadcast (&queue->changed);
        }
    }
    taken = taken && !queue->abandoned;
    g_mutex_unlock (&queue->mutex);
    return taken;
}

void
queue_close (Queue *queue, gboolean whole)
{
    g_mutex_lock (&queue->mutex);
    queue->closed = TRUE;
    queue->whole = whole;
    g_cond_broadcast (&queue->changed);
    g_mutex_unlock (&queue->mutex);
}

void
queue_abandon (Queue *queue)
{
    g_mutex_lock (&queue->mutex);
    queue->abandoned = TRUE;
    g_cond_broadcast (&queue->changed);
    g_mutex_unlock (&queue->mutex);
}

static gssize
take_run (Queue *queue, guint8 *buffer, gsize length)
{
    gsize n = MIN (length, queue->used);

    n = MIN (n, queue->capacity - queue->start);
    memcpy (buffer, queue->ring + queue->start, n);
    queue->start = (queue->start + n) % queue->capacity;
    queue->used -= n;
    g_cond_broadcast (&queue->changed);
    return (gssize)n;
}

gssize
queue_pop (Queue *queue, guint8 *buffer, gsize length, guint milliseconds)
{
    gint64 until = g_get_monotonic_time () + (gint64)milliseconds * 1000;
    gboolean late = FALSE;
    gssize result;

    g_mutex_lock (&queue->mutex);
    while (queue->used == 0 && !queue->closed && !late)
        late = !g_cond_wait_until (&queue->changed, &queue->mutex, until);
    /* Bytes before a broken end are not worth sending. */
    if (queue->closed && !queue->whole)
        result = -1;
    else if (queue->used > 0)
        result = take_run (queue, buffer, length);
    else
        result = queue->closed ? 0 : -2;
    g_mutex_unlock (&queue->mutex);
    return result;
}
