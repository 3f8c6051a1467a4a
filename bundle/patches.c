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
#define LARGE_BYTES (64 * 1024 * 1024)

typedef struct {
    Contents *contents;
    Patches *patches;
    Progress *progress;
    GMutex lock;
    GCond changed;
    guint64 memory; /* taken now, by jobs under way and by parts that wait to be stored */
    guint next;     /* job that is to be stored next */
    GError *error;  /* the first that was seen; other jobs end without work then */
} Maker;

typedef struct {
    guint number;
    Content *content;
    PatchWant want;
    PatchMade made;
    gboolean done;
    guint64 held; /* memory of what was made */
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

/* Waits until there is memory for the job. The one that all others wait for always runs. */
static gboolean
begin_job (Maker *maker, const PatchJob *job, guint64 need)
{
    gboolean go_on;

    g_mutex_lock (&maker->lock);
    while (maker->error == NULL && maker->memory + need > MEMORY_MAX && job->number != maker->next)
        g_cond_wait (&maker->changed, &maker->lock);
    maker->memory += need;
    go_on = maker->error == NULL;
    g_mutex_unlock (&maker->lock);
    return go_on;
}

static void
end_job (Maker *maker, PatchJob *job, guint64 need, GError *error)
{
    g_mutex_lock (&maker->lock);
    job->held = patch_made_bytes (&job->made);
    job->done = TRUE;
    maker->memory += job->held - need;
    if (maker->error == NULL)
        maker->error = error;
    else
        g_clear_error (&error);
    g_cond_broadcast (&maker->changed);
    g_mutex_unlock (&maker->lock);
}

static void
run_job (gpointer data, gpointer user)
{
    PatchJob *job = data;
    Maker *maker = user;
    guint64 need = patch_memory (&job->want);
    GError *error = NULL;

    if (begin_job (maker, job, need) && !patch_make (&job->want, &job->made, &error))
        g_assert (error != NULL);
    end_job (maker, job, need, error);
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
        job.number = jobs->len;
        *bytes += job.want.new.length;
        g_array_append_val (jobs, job);
    }
    return jobs;
}

/* FALSE where a job failed. */
static gboolean
wait_for (Maker *maker, guint number, const PatchJob *job, GError **error)
{
    gboolean ok;

    g_mutex_lock (&maker->lock);
    maker->next = number;
    g_cond_broadcast (&maker->changed);
    while (!job->done && maker->error == NULL && !is_large (job))
        g_cond_wait (&maker->changed, &maker->lock);
    ok = maker->error == NULL;
    if (!ok)
        g_propagate_error (error, g_error_copy (maker->error));
    g_mutex_unlock (&maker->lock);
    return ok;
}

static void
forget (Maker *maker, PatchJob *job)
{
    patch_made_clear (&job->made);
    g_mutex_lock (&maker->lock);
    maker->memory -= job->held;
    g_cond_broadcast (&maker->changed);
    g_mutex_unlock (&maker->lock);
}

/* What the threads make is stored in the order of the jobs, so that the bytes do not depend on
 * which thread was first. */
static gboolean
run_all (Maker *maker, GArray *jobs, guint threads, GError **error)
{
    GThreadPool *pool = g_thread_pool_new (run_job, maker, (gint)threads, FALSE, NULL);
    gboolean ok = TRUE;

    for (guint i = 0; i < jobs->len; i++)
        if (!is_large (&g_array_index (jobs, PatchJob, i)))
            g_thread_pool_push (pool, &g_array_index (jobs, PatchJob, i), NULL);
    for (guint i = 0; ok && i < jobs->len; i++) {
        PatchJob *job = &g_array_index (jobs, PatchJob, i);

        ok = wait_for (maker, i, job, error) && store (maker, job, error);
        forget (maker, job);
    }
    g_mutex_lock (&maker->lock);
    if (!ok && maker->error == NULL)
        maker->error = g_error_copy (*error);
    g_cond_broadcast (&maker->changed);
    g_mutex_unlock (&maker->lock);
    g_thread_pool_free (pool, FALSE, TRUE);
    for (guint i = 0; i < jobs->len; i++)
        patch_made_clear (&g_array_index (jobs, PatchJob, i).made);
    g_clear_error (&maker->error);
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
    gboolean ok;

    patches->patches = g_array_new (FALSE, FALSE, sizeof (StoredPatch));
    if (!open_parts (patches, tmpdir, error))
        return NULL;
    g_mutex_init (&maker.lock);
    g_cond_init (&maker.changed);
    if (all->len > 0)
        progress_begin (progress, "comparing similar files", bytes);
    ok = run_all (&maker, all, jobs, error);
    progress_end (progress);
    drop_unpatched (contents);
    g_cond_clear (&maker.changed);
    g_mutex_clear (&maker.lock);
    return ok ? g_steal_pointer (&patches) : NULL;
}
