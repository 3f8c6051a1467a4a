/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/registry-http.h"
#include "bundle/registry.h"

/* Whether a request is worth another try, and the pause before it. On the caller's stack; one for
 * each thing that is asked for. */
typedef struct {
    guint left;         /* tries */
    guint most;         /* of them */
    guint milliseconds; /* the next pause */
    gint64 until;       /* no pause ends behind this (monotonic) */
    GCancellable *cancellable;
} Retry;

void retry_begin (Retry *retry, const RegistryOptions *options);
/* There is somebody else to ask: one more try is enough. */
void retry_spare (Retry *retry);
/* What came was worth it: the count begins anew. */
void retry_advance (Retry *retry);
/* Whether the answer, or its absence, is one that another try may better. */
gboolean retry_is_passing (const HttpReply *reply);
/* Pauses before the next try, as long as the answer asks for or twice as long as the last time.
 * FALSE: there is none left, it would take too long, or the run was stopped. */
gboolean retry_again (Retry *retry, const HttpReply *reply);
