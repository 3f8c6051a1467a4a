/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/bundle.h"

#include "bundle/reader.h"
#include "manifest/error.h"

/* Frames are read through a window of this size: memory does not grow with them. */
#define READ_WINDOW (1024 * 1024)

typedef struct {
    Bundle *bundle;
    Progress *progress;
    gint next;   /* atomic: frame to take */
    gint failed; /* atomic: lowest bad frame + 1, or 0 */
    GMutex lock;
    GError *error; /* of the lowest bad frame */
    gint error_frame;
} Check;

static gboolean
hash_frame (const Bundle *bundle, const Frame *frame, DigestStream *stream, guint8 *window,
            Digest *found, GError **error)
{
    for (guint64 at = 0; at < frame->compressed; at += READ_WINDOW) {
        gsize n = (gsize)MIN (frame->compressed - at, READ_WINDOW);

        if (!parts_pread (bundle->parts, window, n, frame->offset + at, error))
            return FALSE;
        digest_stream_add (stream, window, n);
    }
    digest_stream_finish (stream, found);
    return TRUE;
}

/* The lowest bad frame is reported, whichever thread is first. */
static void
report_bad (Check *check, gint i, GError *error)
{
    g_mutex_lock (&check->lock);
    if (check->error == NULL || i < check->error_frame) {
        g_clear_error (&check->error);
        check->error = error;
        check->error_frame = i;
    } else {
        g_error_free (error);
    }
    g_mutex_unlock (&check->lock);
    g_atomic_int_set (&check->failed, 1);
}

static gpointer
check_thread (gpointer data)
{
    Check *check = data;
    g_autoptr (DigestStream) stream = digest_stream_new ();
    g_autofree guint8 *window = g_malloc (READ_WINDOW);

    while (!g_atomic_int_get (&check->failed)) {
        gint i = g_atomic_int_add (&check->next, 1);
        GError *error = NULL;
        const Frame *frame;
        Digest found;

        if (i >= (gint)check->bundle->frames->len)
            break;
        frame = &g_array_index (check->bundle->frames, Frame, i);
        if (hash_frame (check->bundle, frame, stream, window, &found, &error) &&
            !digest_equal (&found, &frame->digest))
            bundle_fail_damaged (check->bundle, (guint)i, &error);
        if (error != NULL)
            report_bad (check, i, error);
        progress_add (check->progress, frame->compressed);
    }
    return NULL;
}

gboolean
bundle_check_frames (Bundle *bundle, guint jobs, Progress *progress, GError **error)
{
    Check check = { .bundle = bundle, .progress = progress };
    GThread *threads[64];

    jobs = CLAMP (jobs, 1, G_N_ELEMENTS (threads));
    g_mutex_init (&check.lock);
    progress_begin (progress, "checking frames", bundle_file_bytes (bundle));
    for (guint i = 0; i < jobs; i++)
        threads[i] = g_thread_new ("check", check_thread, &check);
    for (guint i = 0; i < jobs; i++)
        g_thread_join (threads[i]);
    progress_end (progress);
    g_mutex_clear (&check.lock);
    if (check.error == NULL)
        return TRUE;
    g_propagate_error (error, check.error);
    fail_prefix (error, "%s", bundle->path);
    return FALSE;
}
