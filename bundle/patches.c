/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/patches.h"

#include "bundle/patch-make.h"
#include "bundle/patch.h"
#include "bundle/sparse.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <string.h>

/* What the patches that are made at the same time may take together. Longer files than LARGE_BYTES
 * are not read whole. */
#define MEMORY_MAX (640ull * 1024 * 1024)
#define LARGE_BYTES (16 * 1024 * 1024)

typedef struct {
    Contents *contents;
    Patches *patches;
    Progress *progress;
    GMutex lock;
    GCond freed;
    guint64 memory; /* taken now */
    GError *error;
} Maker;

typedef struct {
    Content *content;
    PatchWant want;
    PatchMade made;
} PatchJob;

void
patches_free (Patches *patches)
{
    if (patches == NULL)
        return;
    for (guint i = 0; i < N_PARTS; i++)
        file_clear_fd (&patches->fds[i]);
    file_clear_fd (&patches->inner_fd);
    g_array_unref (patches->patches);
    g_free (patches);
}

static gboolean
is_large (const PatchJob *job)
{
    return MAX (job->want.old.length, job->want.new.length) > LARGE_BYTES;
}

static void
make_patch (Maker *maker, PatchJob *job)
{
    GError *error = NULL;

    if (patch_make (&job->want, &job->made, &error))
        return;
    g_mutex_lock (&maker->lock);
    if (maker->error == NULL)
        maker->error = error;
    else
        g_error_free (error);
    g_mutex_unlock (&maker->lock);
}

/* Waits until there is memory for the job; one job alone always runs. */
static void
run_job (gpointer data, gpointer user)
{
    PatchJob *job = data;
    Maker *maker = user;
    guint64 need = patch_memory (&job->want);

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
    progress_add (maker->progress, job->want.new.length);
}

static gboolean
store_part (Patches *patches, PatchPart part, const GByteArray *bytes, GError **error)
{
    if (!file_pwrite_all (patches->fds[part], "patches", bytes->data, bytes->len,
                          patches->bytes[part], error))
        return FALSE;
    patches->bytes[part] += bytes->len;
    return TRUE;
}

/* Appends parts to the patch under way. */
static gboolean
store_parts (Patches *patches, SparseWriter *difference, const PatchParts *parts, GError **error)
{
    sparse_write (difference, parts->difference->data, parts->difference->len);
    if (!store_part (patches, PART_CONTROL, parts->control, error) ||
        !store_part (patches, PART_EXTRA, parts->extra, error) ||
        !store_part (patches, PART_VALUES, difference->values, error))
        return FALSE;
    g_byte_array_set_size (difference->values, 0);
    return TRUE;
}

/* Gaps and runs stay in memory until the patch ends: they lie behind its control. */
static gboolean
store_pairs (Patches *patches, SparseWriter *difference, GError **error)
{
    sparse_writer_finish (difference);
    return store_part (patches, PART_GAPS, difference->gaps, error) &&
           store_part (patches, PART_RUNS, difference->runs, error);
}

typedef struct {
    Patches *patches;
    SparseWriter *difference;
    guint64 estimate;
} LargeStore;

static gboolean
store_large_parts (const PatchParts *parts, gpointer data, GError **error)
{
    LargeStore *large = data;

    large->estimate += patch_estimate_parts (parts);
    return store_parts (large->patches, large->difference, parts, error);
}

static gboolean
estimate_piece (const DiffPiece *piece, guint64 *sum, GError **error)
{
    g_autofree guint8 *bytes = g_malloc (LARGE_BYTES);

    for (guint64 at = 0; at < piece->length; at += LARGE_BYTES) {
        gsize n = (gsize)MIN (LARGE_BYTES, piece->length - at);

        if (!diff_piece_read (piece, at, bytes, n, error))
            return FALSE;
        *sum += patch_estimate (bytes, n);
    }
    return TRUE;
}

/* Its parts go to the files while it is made. Whoever applies it reads its control whole. */
static gboolean
make_large (Patches *patches, SparseWriter *difference, PatchJob *job, gboolean *worth,
            GError **error)
{
    LargeStore large = { patches, difference, 0 };
    guint64 whole = 0, control = patches->bytes[PART_CONTROL];

    if (!diff_large (&job->want.old, &job->want.new, store_large_parts, &large, error) ||
        !estimate_piece (&job->want.new, &whole, error))
        return FALSE;
    control = patches->bytes[PART_CONTROL] - control;
    *worth = patch_is_worth (&job->want, large.estimate, whole) &&
             control + difference->gaps->len + difference->runs->len < PATCH_CONTROL_MAX;
    return TRUE;
}

static gboolean
store_inner (Patches *patches, PatchJob *job, GError **error)
{
    const GByteArray *inner = job->made.inner;

    job->content->inner_at = patches->inner_bytes;
    job->content->inner_length = inner->len;
    patches->inner_bytes += inner->len;
    return file_pwrite_all (patches->inner_fd, "contents", inner->data, inner->len,
                            job->content->inner_at, error);
}

/* Writes the parts of a patch, where it is worth it. */
static gboolean
store_patch (Maker *maker, PatchJob *job, gboolean *worth, GError **error)
{
    Patches *patches = maker->patches;
    g_auto (SparseWriter) difference = { 0 };

    sparse_writer_init (&difference);
    if (is_large (job)) {
        if (!make_large (patches, &difference, job, worth, error))
            return FALSE;
        progress_add (maker->progress, job->want.new.length);
    } else if (*worth && !store_parts (patches, &difference, job->made.parts, error)) {
        return FALSE;
    }
    return !*worth || store_pairs (patches, &difference, error);
}

static gboolean
store (Maker *maker, PatchJob *job, GError **error)
{
    Patches *patches = maker->patches;
    StoredPatch stored = { .form = job->made.form, .inner = job->made.length };
    gboolean worth = job->made.parts != NULL;

    memcpy (stored.at, patches->bytes, sizeof stored.at);
    if (!store_patch (maker, job, &worth, error))
        return FALSE;
    if (!worth) {
        memcpy (patches->bytes, stored.at, sizeof stored.at);
        job->content->source = NO_CONTENT;
        job->content->base_source = NO_BASE_FILE;
        return job->made.inner == NULL || store_inner (patches, job, error);
    }
    for (guint i = 0; i < N_PARTS; i++)
        stored.length[i] = patches->bytes[i] - stored.at[i];
    job->content->patch = patches->patches->len;
    g_array_append_val (patches->patches, stored);
    return TRUE;
}

static PatchJob
job_for (const Contents *contents, Content *content, gboolean patched)
{
    PatchJob job = { .content = content,
                     .want.new = { content->layer, content->offset, content->length } };

    if (patched && content->base_source != NO_BASE_FILE) {
        const BaseContent *base = base_files_get (contents->bases, content->base_source);

        job.want.old = (DiffPiece){ base->tar, base->extent->offset, base->extent->length };
        job.want.on_base = TRUE;
    } else if (patched) {
        const Content *source = &g_array_index (contents->contents, Content, content->source);

        job.want.old = (DiffPiece){ source->layer, source->offset, source->length };
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

        if (file->base != NO_BASE_FILE ||
            !g_hash_table_add (seen, GUINT_TO_POINTER (file->content)))
            continue;
        job = job_for (contents, &g_array_index (contents->contents, Content, file->content),
                       file->patched);
        if (!file->patched && (contents->bases == NULL || !patch_may_be_packed (&job.want.new)))
            continue;
        *bytes += job.want.new.length;
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
        if (!is_large (&jobs[i]))
            g_thread_pool_push (pool, &jobs[i], NULL);
    g_thread_pool_free (pool, FALSE, TRUE);
    if (maker->error != NULL) {
        g_propagate_error (error, g_steal_pointer (&maker->error));
        ok = FALSE;
    }
    for (guint i = 0; ok && i < n; i++)
        ok = store (maker, &jobs[i], error);
    for (guint i = 0; i < n; i++)
        patch_made_clear (&jobs[i].made);
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

static gboolean
open_parts (Patches *patches, const char *tmpdir, GError **error)
{
    patches->inner_fd = -1;
    for (guint i = 0; i < N_PARTS; i++)
        patches->fds[i] = -1;
    for (guint i = 0; i < N_PARTS; i++) {
        patches->fds[i] = file_temporary (tmpdir, error);
        if (patches->fds[i] < 0)
            return FALSE;
    }
    patches->inner_fd = file_temporary (tmpdir, error);
    return patches->inner_fd >= 0;
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
    if (!open_parts (patches, tmpdir, error))
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
