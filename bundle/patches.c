/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/patches.h"

#include "bundle/diff.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <zstd.h>

/* A patch is taken when it compresses to less than this part of what the file compresses to. */
#define WORTH_NUMERATOR 19
#define WORTH_DENOMINATOR 20
#define ESTIMATE_LEVEL 3
/* Suffix array, both files and the parts, for each byte of the longer file: what the patches that
 * are made at the same time may take together is MEMORY_MAX. */
#define MEMORY_FACTOR 8
#define MEMORY_MAX (640ull * 1024 * 1024)

typedef struct {
    Contents *contents;
    Patches *patches;
    Progress *progress;
    GMutex lock;
    GCond freed;
    guint64 memory; /* taken now */
    GError *error;
} Maker;

/* Bytes of a layer's tar. */
typedef struct {
    const LayerTar *tar;
    guint64 offset, length;
} Piece;

typedef struct {
    Content *content;
    Piece old, new;
    PatchParts *parts; /* NULL: not worth it */
} PatchJob;

void
patches_free (Patches *patches)
{
    if (patches == NULL)
        return;
    file_clear_fd (&patches->fd);
    g_array_unref (patches->patches);
    g_free (patches);
}

static guint8 *
read_piece (const Piece *piece, GError **error)
{
    g_autofree guint8 *bytes = g_malloc (piece->length);

    if (!file_pread_all (piece->tar->fd, "layer", bytes, piece->length,
                         piece->tar->offset + piece->offset, error))
        return NULL;
    return g_steal_pointer (&bytes);
}

static gsize
estimate (const guint8 *bytes, gsize length)
{
    gsize bound = ZSTD_compressBound (length), n;
    g_autofree guint8 *out = g_malloc (bound);

    n = ZSTD_compress (out, bound, bytes, length, ESTIMATE_LEVEL);
    return ZSTD_isError (n) ? length : n;
}

static gboolean
is_worth (const PatchParts *parts, const guint8 *bytes, gsize length)
{
    gsize patch = estimate (parts->control->data, parts->control->len) +
                  estimate (parts->difference->data, parts->difference->len) +
                  estimate (parts->extra->data, parts->extra->len);

    return patch * WORTH_DENOMINATOR < estimate (bytes, length) * WORTH_NUMERATOR;
}

static void
make_patch (Maker *maker, PatchJob *job)
{
    g_autoptr (GError) error = NULL;
    g_autofree guint8 *old = read_piece (&job->old, &error);
    g_autofree guint8 *new = old != NULL ? read_piece (&job->new, &error) : NULL;
    g_autoptr (PatchParts) parts = NULL;

    if (new == NULL) {
        g_mutex_lock (&maker->lock);
        if (maker->error == NULL)
            maker->error = g_steal_pointer (&error);
        g_mutex_unlock (&maker->lock);
        return;
    }
    parts = diff_make (old, job->old.length, new, job->new.length);
    if (is_worth (parts, new, job->new.length))
        job->parts = g_steal_pointer (&parts);
}

/* Waits until there is memory for the job; one job alone always runs. */
static void
run_job (gpointer data, gpointer user)
{
    PatchJob *job = data;
    Maker *maker = user;
    guint64 need = MAX (job->new.length, job->old.length) * MEMORY_FACTOR;

    g_mutex_lock (&maker->lock);
    while (maker->memory > 0 && maker->memory + need > MEMORY_MAX)
        g_cond_wait (&maker->freed, &maker->lock);
    maker->memory += need;
    g_mutex_unlock (&maker->lock);
    make_patch (maker, job);
    g_mutex_lock (&maker->lock);
    maker->memory -= need;
    g_cond_broadcast (&maker->freed);
    g_mutex_unlock (&maker->lock);
    progress_add (maker->progress, job->new.length);
}

static gboolean
store_part (Patches *patches, const GByteArray *part, guint64 *at, guint64 *length, GError **error)
{
    *at = patches->bytes;
    *length = part->len;
    patches->bytes += part->len;
    return file_pwrite_all (patches->fd, "patches", part->data, part->len, *at, error);
}

static gboolean
store (Patches *patches, PatchJob *job, GError **error)
{
    StoredPatch stored = { 0 };

    if (job->parts == NULL) {
        job->content->source = NO_CONTENT;
        job->content->base_source = NO_BASE_FILE;
        return TRUE;
    }
    if (!store_part (patches, job->parts->control, &stored.control_at, &stored.control, error) ||
        !store_part (patches, job->parts->difference, &stored.difference_at, &stored.difference,
                     error) ||
        !store_part (patches, job->parts->extra, &stored.extra_at, &stored.extra, error))
        return FALSE;
    job->content->patch = patches->patches->len;
    g_array_append_val (patches->patches, stored);
    g_clear_pointer (&job->parts, patch_parts_free);
    return TRUE;
}

static PatchJob
job_for (const Contents *contents, Content *content)
{
    PatchJob job = { .content = content,
                     .new = { content->layer, content->offset, content->length } };

    if (content->base_source != NO_BASE_FILE) {
        const BaseContent *base = base_files_get (contents->bases, content->base_source);

        job.old = (Piece){ base->tar, base->extent->offset, base->extent->length };
    } else {
        const Content *source = &g_array_index (contents->contents, Content, content->source);

        job.old = (Piece){ source->layer, source->offset, source->length };
    }
    return job;
}

/* A content that the bundle repeats is compared once. */
static GArray *
list_jobs (Contents *contents, const Schedule *schedule, guint64 *bytes)
{
    GArray *jobs = g_array_new (FALSE, FALSE, sizeof (PatchJob));
    g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

    for (guint i = 0; i < schedule->files->len; i++) {
        const PackFile *file = &g_array_index (schedule->files, PackFile, i);
        PatchJob job;

        if (!file->patched || !g_hash_table_add (seen, GUINT_TO_POINTER (file->content)))
            continue;
        job = job_for (contents, &g_array_index (contents->contents, Content, file->content));
        *bytes += job.new.length;
        g_array_append_val (jobs, job);
    }
    return jobs;
}

/* Parts wait in memory for at most this many jobs, then go to the file in the order of the jobs, so
 * that the bytes do not depend on which thread was first. */
#define BATCH 16

static gboolean
run_batch (Maker *maker, PatchJob *jobs, guint n, guint threads, GError **error)
{
    GThreadPool *pool = g_thread_pool_new (run_job, maker, (gint)threads, FALSE, NULL);
    gboolean ok = TRUE;

    for (guint i = 0; i < n; i++)
        g_thread_pool_push (pool, &jobs[i], NULL);
    g_thread_pool_free (pool, FALSE, TRUE);
    if (maker->error != NULL) {
        g_propagate_error (error, g_steal_pointer (&maker->error));
        ok = FALSE;
    }
    for (guint i = 0; ok && i < n; i++)
        ok = store (maker->patches, &jobs[i], error);
    for (guint i = 0; i < n; i++)
        g_clear_pointer (&jobs[i].parts, patch_parts_free);
    return ok;
}

/* A content that got no patch must not be scheduled as one the next time. */
static void
drop_unpatched (Contents *contents)
{
    for (guint i = 0; i < contents->contents->len; i++) {
        Content *content = &g_array_index (contents->contents, Content, i);

        if (content->patch == NO_CONTENT) {
            content->source = NO_CONTENT;
            content->base_source = NO_BASE_FILE;
        }
    }
}

Patches *
patches_new (Contents *contents, const Schedule *schedule, guint jobs, const char *tmpdir,
             Progress *progress, GError **error)
{
    g_autoptr (Patches) patches = g_new0 (Patches, 1);
    guint64 bytes = 0;
    g_autoptr (GArray) all = list_jobs (contents, schedule, &bytes);
    Maker maker = { .contents = contents, .patches = patches, .progress = progress };
    gboolean ok = TRUE;

    patches->patches = g_array_new (FALSE, FALSE, sizeof (StoredPatch));
    patches->fd = file_temporary (tmpdir, error);
    if (patches->fd < 0)
        return NULL;
    g_mutex_init (&maker.lock);
    g_cond_init (&maker.freed);
    if (all->len > 0)
        progress_begin (progress, "comparing similar files", bytes);
    for (guint i = 0; ok && i < all->len; i += BATCH)
        ok = run_batch (&maker, &g_array_index (all, PatchJob, i), MIN (BATCH, all->len - i), jobs,
                        error);
    progress_end (progress);
    drop_unpatched (contents);
    g_cond_clear (&maker.freed);
    g_mutex_clear (&maker.lock);
    return ok ? g_steal_pointer (&patches) : NULL;
}
