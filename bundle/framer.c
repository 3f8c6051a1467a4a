/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/framer.h"

#include "bundle/format.h"
#include "bundle/frame.h"
#include "bundle/member.h"
#include "bundle/stream.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <string.h>
#include <zstd.h>

/* Payload of one frame at most, by region. A reader holds one frame of each stream, and two of
 * data, so these are what its memory comes from. */
static const guint64 payload_max[N_REGIONS] = {
    [REGION_TREE] = 32 << 20,
    [REGION_META] = 16 << 20,
    [REGION_LITERALS] = 8 << 20,
    [REGION_CONTROL] = 8 << 20,
    [REGION_DIFFERENCE] = 32 << 20,
    [REGION_EXTRA] = 32 << 20,
    [REGION_DATA] = LIMIT_FRAME_CONTENT - TAR_BLOCK,
};

FramePlan *
frame_plan_new (int level, guint jobs)
{
    FramePlan *plan = g_new0 (FramePlan, 1);

    plan->level = level;
    plan->jobs = jobs;
    for (Region region = 0; region < N_REGIONS; region++)
        plan->ranges[region] = g_array_new (FALSE, FALSE, sizeof (Range));
    return plan;
}

void
frame_plan_free (FramePlan *plan)
{
    if (plan == NULL)
        return;
    for (Region region = 0; region < N_REGIONS; region++)
        g_array_unref (plan->ranges[region]);
    g_free (plan);
}

void
frame_plan_add (FramePlan *plan, Region region, int fd, guint64 offset, guint64 length)
{
    GArray *ranges = plan->ranges[region];
    Range range = { fd, offset, length };

    if (length == 0)
        return;
    if (ranges->len > 0) {
        Range *last = &g_array_index (ranges, Range, ranges->len - 1);

        if (last->fd == fd && last->offset + last->length == offset) {
            last->length += length;
            return;
        }
    }
    g_array_append_val (ranges, range);
}

static guint64
region_bytes (const FramePlan *plan, Region region)
{
    guint64 bytes = 0;

    for (guint i = 0; i < plan->ranges[region]->len; i++)
        bytes += g_array_index (plan->ranges[region], Range, i).length;
    return bytes;
}

guint64
frame_plan_bytes (const FramePlan *plan)
{
    guint64 bytes = 0;

    for (Region region = 0; region < N_REGIONS; region++)
        bytes += region_bytes (plan, region);
    return bytes;
}

/* Frames of a region are of one size, and large regions have an even number of them, so that two
 * workers end together. The number must not depend on how many there are. */
static guint64
frame_payload (Region region, guint64 bytes)
{
    guint64 most = payload_max[region], n = (bytes + most - 1) / most, payload;

    if (n > 1 && n % 2 == 1)
        n++;
    if (n == 0)
        return most;
    payload = (bytes + n - 1) / n;
    return MIN (most, (payload + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK);
}

typedef struct {
    const FramePlan *plan;
    Region region;
    guint k;        /* frame of the region */
    guint range;    /* first of its ranges, */
    guint64 inside; /* and where in it the frame begins */
    guint64 payload;
    GBytes *compressed;
    Frame frame;
    GError *error;
    gboolean done;
} FrameJob;

typedef struct {
    GMutex lock;
    GCond done;
    Progress *progress;
} Framer;

static gboolean
read_payload (const FrameJob *job, guint8 *to, GError **error)
{
    const GArray *ranges = job->plan->ranges[job->region];
    guint64 left = job->payload, inside = job->inside;

    for (guint i = job->range; left > 0; i++, inside = 0) {
        const Range *range = &g_array_index (ranges, Range, i);
        guint64 n = MIN (left, range->length - inside);

        if (!file_pread_all (range->fd, "source", to, n, range->offset + inside, error))
            return FALSE;
        to += n;
        left -= n;
    }
    return TRUE;
}

/* Tree and meta are cut out of a tar; a frame of a stream is a member of its own. */
static guint8 *
build_content (FrameJob *job, GError **error)
{
    gboolean member = job->region >= REGION_LITERALS;
    gsize head = member ? TAR_BLOCK : 0;
    gsize padding = member ? member_padding (job->payload) : 0;
    g_autofree guint8 *content = NULL;

    job->frame.content = head + job->payload + padding;
    content = g_malloc (job->frame.content);
    if (member) {
        g_autofree char *name = stream_member_name (job->region, job->k);
        g_autoptr (GBytes) header = member_header (name, job->payload, FALSE);

        memcpy (content, g_bytes_get_data (header, NULL), TAR_BLOCK);
        memset (content + head + job->payload, 0, padding);
    }
    if (!read_payload (job, content + head, error))
        return NULL;
    return g_steal_pointer (&content);
}

static gsize
compress (const FrameJob *job, const guint8 *content, guint8 *out, gsize bound)
{
    ZSTD_CCtx *context = ZSTD_createCCtx ();
    gsize n;

    ZSTD_CCtx_setParameter (context, ZSTD_c_compressionLevel, job->plan->level);
    ZSTD_CCtx_setParameter (context, ZSTD_c_windowLog, LIMIT_WINDOW_LOG);
    ZSTD_CCtx_setParameter (context, ZSTD_c_enableLongDistanceMatching, 1);
    n = ZSTD_compress2 (context, out, bound, content, job->frame.content);
    ZSTD_freeCCtx (context);
    return n;
}

static void
compress_job (FrameJob *job, GError **error)
{
    g_autofree guint8 *content = build_content (job, error);
    guint8 *out;
    gsize bound, n;

    if (content == NULL)
        return;
    bound = ZSTD_compressBound (job->frame.content);
    out = g_malloc (bound);
    n = compress (job, content, out, bound);
    if (ZSTD_isError (n)) {
        g_free (out);
        fail (error, ERR_FAILED, "cannot compress: %s", ZSTD_getErrorName (n));
        return;
    }
    job->compressed = g_bytes_new_take (g_realloc (out, n), n);
    job->frame.compressed = n;
    job->frame.digest = digest_of_bytes (job->compressed);
}

static void
run_job (gpointer data, gpointer user)
{
    FrameJob *job = data;
    Framer *framer = user;

    compress_job (job, &job->error);
    g_mutex_lock (&framer->lock);
    job->done = TRUE;
    g_cond_signal (&framer->done);
    g_mutex_unlock (&framer->lock);
    progress_add (framer->progress, job->payload);
}

static void
list_region (const FramePlan *plan, Region region, GPtrArray *jobs, PackingRegion *count)
{
    guint64 bytes = region_bytes (plan, region), payload = frame_payload (region, bytes),
            inside = 0;
    guint range = 0;

    count->bytes = bytes;
    count->frames = 0;
    for (guint64 at = 0; at < bytes; at += payload) {
        FrameJob *job = g_new0 (FrameJob, 1);
        guint64 left;

        job->plan = plan;
        job->region = region;
        job->k = (guint)count->frames++;
        job->range = range;
        job->inside = inside;
        left = job->payload = MIN (payload, bytes - at);
        g_ptr_array_add (jobs, job);
        while (left > 0) {
            guint64 n =
                MIN (left, g_array_index (plan->ranges[region], Range, range).length - inside);

            left -= n;
            inside += n;
            if (inside == g_array_index (plan->ranges[region], Range, range).length) {
                range++;
                inside = 0;
            }
        }
    }
}

static gboolean
write_job (FrameJob *job, Framer *framer, Output *output, GArray *frames, GError **error)
{
    g_mutex_lock (&framer->lock);
    while (!job->done)
        g_cond_wait (&framer->done, &framer->lock);
    g_mutex_unlock (&framer->lock);
    if (job->error != NULL) {
        g_propagate_error (error, g_steal_pointer (&job->error));
        return FALSE;
    }
    if (!output_write (output, job->compressed, error))
        return FALSE;
    g_clear_pointer (&job->compressed, g_bytes_unref);
    g_array_append_val (frames, job->frame);
    return TRUE;
}

static void
job_free (gpointer data)
{
    FrameJob *job = data;

    g_clear_pointer (&job->compressed, g_bytes_unref);
    g_clear_error (&job->error);
    g_free (job);
}

/* No more than this many frames beyond the running ones are ready and unwritten. */
#define AHEAD 1

gboolean
frame_plan_write (const FramePlan *plan, Output *output, GArray *frames, PackingRegion *regions,
                  Progress *progress, GError **error)
{
    g_autoptr (GPtrArray) jobs = g_ptr_array_new_with_free_func (job_free);
    Framer framer = { .progress = progress };
    GThreadPool *pool = g_thread_pool_new (run_job, &framer, (gint)plan->jobs, FALSE, NULL);
    gboolean ok = TRUE;
    guint pushed = 0;

    g_mutex_init (&framer.lock);
    g_cond_init (&framer.done);
    for (Region region = 0; region < N_REGIONS; region++)
        list_region (plan, region, jobs, &regions[region]);
    progress_begin (progress, "compressing", frame_plan_bytes (plan));
    for (guint i = 0; ok && i < jobs->len; i++) {
        while (pushed < jobs->len && pushed <= i + plan->jobs - 1 + AHEAD)
            g_thread_pool_push (pool, jobs->pdata[pushed++], NULL);
        ok = write_job (jobs->pdata[i], &framer, output, frames, error);
    }
    g_thread_pool_free (pool, !ok, TRUE);
    progress_end (progress);
    g_cond_clear (&framer.done);
    g_mutex_clear (&framer.lock);
    return ok;
}
