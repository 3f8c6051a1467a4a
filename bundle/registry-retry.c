/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/registry-retry.h"

#define TRIES 5
#define UNREACHABLE_TRIES 3
#define SPARED_TRIES 2
#define PAUSE_MILLISECONDS 1000
#define PAUSE_MAX 30000
#define TOTAL_MICROSECONDS (180 * G_TIME_SPAN_SECOND)
#define SLICE_MICROSECONDS (50 * G_TIME_SPAN_MILLISECOND)

void
retry_begin (Retry *retry, const RegistryOptions *options)
{
    retry->most = options->tries != 0 ? options->tries : TRIES;
    retry->cancellable = options->cancellable;
    retry->milliseconds =
        options->pause_milliseconds != 0 ? options->pause_milliseconds : PAUSE_MILLISECONDS;
    retry->left = retry->most - 1;
    retry->until = g_get_monotonic_time () + TOTAL_MICROSECONDS;
}

void
retry_spare (Retry *retry)
{
    retry->most = MIN (retry->most, SPARED_TRIES);
    retry->left = retry->most - 1;
}

void
retry_advance (Retry *retry)
{
    retry->left = retry->most - 1;
    retry->until = g_get_monotonic_time () + TOTAL_MICROSECONDS;
}

gboolean
retry_is_passing (const HttpReply *reply)
{
    const guint passing[] = { 408, 429, 500, 502, 503, 504 };

    if (reply->outcome == HTTP_UNREACHABLE || reply->outcome == HTTP_BROKEN)
        return TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS (passing); i++)
        if (reply->outcome == HTTP_ANSWERED && reply->status == passing[i])
            return TRUE;
    return FALSE;
}

/* Whether nobody wanted the run to stop meanwhile. */
static gboolean
pause_until (const Retry *retry, gint64 end)
{
    for (gint64 left; (left = end - g_get_monotonic_time ()) > 0;) {
        if (g_cancellable_is_cancelled (retry->cancellable))
            return FALSE;
        g_usleep ((gulong)MIN (left, SLICE_MICROSECONDS));
    }
    return !g_cancellable_is_cancelled (retry->cancellable);
}

gboolean
retry_again (Retry *retry, const HttpReply *reply)
{
    /* A host that is not there seldom appears in seconds. */
    guint spent = retry->most - retry->left;
    gboolean spared = reply->outcome == HTTP_UNREACHABLE && spent >= UNREACHABLE_TRIES;
    gint64 pause = (gint64)retry->milliseconds * 1000, end;

    if (retry->left == 0 || spared)
        return FALSE;
    /* A quarter more or less, so that many do not come back at one moment. */
    pause = pause * g_random_int_range (75, 126) / 100;
    if (reply->wait > 0)
        pause = (gint64)MIN (reply->wait, G_MAXINT32) * G_TIME_SPAN_SECOND;
    end = g_get_monotonic_time () + pause;
    if (end > retry->until)
        return FALSE;
    retry->left--;
    retry->milliseconds = MIN (retry->milliseconds * 2, PAUSE_MAX);
    return pause_until (retry, end);
}
