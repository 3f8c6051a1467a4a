/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/base.h"
#include "bundle/form.h"
#include "bundle/format.h"
#include "bundle/pack-private.h"
#include "bundle/reader.h"
#include "bundle/source.h"
#include "bundle/syntax.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* A compressing worker takes its frame, what it becomes and zstd's tables. */
#define WORKER_BYTES (240ull * 1024 * 1024)
#define MEMORY_MAX (800ull * 1024 * 1024)

static void
packer_clear (Packer *packer)
{
    file_clear_fd (&packer->dirfd);
    file_clear_fd (&packer->meta_fd);
    file_clear_fd (&packer->headers_fd);
    g_clear_pointer (&packer->images, g_ptr_array_unref);
    g_clear_pointer (&packer->sboms, g_ptr_array_unref);
    g_clear_pointer (&packer->old_lock, release_lock_free);
    g_clear_pointer (&packer->old_lock_text, g_bytes_unref);
    g_clear_pointer (&packer->lock, release_lock_free);
    g_clear_pointer (&packer->statement.images, g_ptr_array_unref);
    g_clear_pointer (&packer->tree, collected_tree_free);
    g_clear_pointer (&packer->targets, targets_free);
    g_clear_pointer (&packer->left_out, g_hash_table_unref);
    g_clear_pointer (&packer->base_numbers, g_free);
    g_clear_pointer (&packer->contents, contents_free);
    g_clear_pointer (&packer->schedule, schedule_free);
    g_clear_pointer (&packer->patches, patches_free);
    g_clear_pointer (&packer->base_files, base_files_free);
    g_clear_pointer (&packer->frames, g_array_unref);
    packing_clear (&packer->packing);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Packer, packer_clear)

static guint
default_jobs (void)
{
    guint64 fit = MAX (1, MEMORY_MAX / WORKER_BYTES);

    return (guint)CLAMP (g_get_num_processors (), 1, fit);
}

/* The layers to carry, each once, in the order of first appearance. */
static GArray *
layers_to_carry (const Packer *packer, guint64 *bytes)
{
    GArray *layers = g_array_new (FALSE, FALSE, sizeof (LayerTar));
    g_autoptr (GHashTable) seen = g_hash_table_new (digest_hash_key, digest_equal_key);

    for (guint i = 0; i < packer->images->len; i++) {
        const SourceImage *image = packer->images->pdata[i];

        for (guint k = 0; k < image->layers->len; k++) {
            LayerTar *layer = &g_array_index (image->layers, LayerTar, k);

            if (g_hash_table_contains (packer->left_out, &layer->diffid) ||
                !g_hash_table_add (seen, &layer->diffid))
                continue;
            g_array_append_val (layers, *layer);
            *bytes += layer->bytes;
        }
    }
    return layers;
}

/* Scheduled twice: to learn which patches are worth making, and with those that were. */
static gboolean
plan_contents (Packer *packer, PackResult *result, GError **error)
{
    Progress *progress = packer->options->progress;
    g_autoptr (GArray) layers = layers_to_carry (packer, &result->uncompressed);
    guint64 spool = packer->options->spool > 0 ? packer->options->spool : LIMIT_SPOOL_BYTES;

    if (layers->len > 0)
        progress_begin (progress, "reading layers", result->uncompressed);
    packer->contents = contents_new (layers, packer->base_files, packer->jobs, progress, error);
    progress_end (progress);
    if (packer->contents == NULL)
        return FALSE;
    contents_match (packer->contents);
    packer->schedule = schedule_new (packer->contents, spool);
    packer->patches = patches_new (packer->contents, packer->schedule, packer->jobs,
                                   packer->options->tmpdir, progress, error);
    if (packer->patches == NULL)
        return FALSE;
    schedule_free (packer->schedule);
    packer->schedule = schedule_new (packer->contents, spool);
    packer->packing.spool = packer->schedule->peak;
    pack_number_bases (packer, result);
    return TRUE;
}

/* The path of the base file that it is or is patched on; else NULL. */
static const char *
base_path (const Packer *packer, guint64 number)
{
    const PackFile *file = &g_array_index (packer->schedule->files, PackFile, number);

    if (file->patched)
        file = &g_array_index (packer->schedule->files, PackFile, file->source);
    return file->base != NO_BASE_FILE
               ? base_files_get (packer->base_files, file->base)->extent->path
               : NULL;
}

/* The block in front of a file, as literals carry it, goes to a file of its own. */
static gboolean
hide_header (Packer *packer, FramePlan *plan, const LayerTar *layer, guint64 at, guint64 length,
             const char *name, GError **error)
{
    guint8 block[TAR_BLOCK];

    if (!file_pread_all (layer->fd, "layer", block, sizeof block, layer->offset + at, error))
        return FALSE;
    form_header_hide (block, length, name);
    if (!file_pwrite_all (packer->headers_fd, "headers", block, sizeof block, packer->headers_bytes,
                          error))
        return FALSE;
    frame_plan_add (plan, REGION_LITERALS, packer->headers_fd, packer->headers_bytes, sizeof block);
    packer->headers_bytes += sizeof block;
    return TRUE;
}

/* Literals are what lies between the files, and behind the last. */
static gboolean
plan_literals (Packer *packer, FramePlan *plan, guint i, GError **error)
{
    const PackLayer *layer = packer->contents->layers->pdata[i];
    const LayerSchedule *schedule = packer->schedule->layers->pdata[i];
    const LayerTar *tar = &layer->source;
    guint64 at = 0;

    for (guint k = 0; k < layer->uses->len; k++) {
        const ContentUse *use = &g_array_index (layer->uses, ContentUse, k);
        guint64 length = g_array_index (packer->contents->contents, Content, use->content).length;
        guint64 plain = use->literal >= TAR_BLOCK ? use->literal - TAR_BLOCK : use->literal;

        frame_plan_add (plan, REGION_LITERALS, tar->fd, tar->offset + at, plain);
        if (plain < use->literal &&
            !hide_header (packer, plan, tar, at + plain, length,
                          base_path (packer, g_array_index (schedule->files, guint64, k)), error))
            return FALSE;
        at += use->literal + length;
    }
    frame_plan_add (plan, REGION_LITERALS, tar->fd, tar->offset + at, layer->rest);
    return TRUE;
}

static void
plan_file (const Packer *packer, FramePlan *plan, const PackFile *file, PackResult *result)
{
    static const Region regions[N_PARTS] = { REGION_CONTROL, REGION_CONTROL, REGION_CONTROL,
                                             REGION_DIFFERENCE, REGION_EXTRA };
    const Content *content = &g_array_index (packer->contents->contents, Content, file->content);
    const StoredPatch *patch;

    if (!file->patched) {
        if (content->inner_length > 0)
            frame_plan_add (plan, REGION_DATA, packer->patches->inner_fd, content->inner_at,
                            content->inner_length);
        else
            frame_plan_add (plan, REGION_DATA, content->layer->fd,
                            content->layer->offset + content->offset, content->length);
        return;
    }
    patch = &g_array_index (packer->patches->patches, StoredPatch, content->patch);
    result->patched += content->length;
    for (guint i = 0; i < N_PARTS; i++)
        frame_plan_add (plan, regions[i], packer->patches->fds[i], patch->at[i], patch->length[i]);
}

static guint64
bytes_from_bases (const Contents *contents, const PackLayer *layer)
{
    guint64 bytes = 0;

    for (guint i = 0; i < layer->uses->len; i++) {
        const Content *content = &g_array_index (
            contents->contents, Content, g_array_index (layer->uses, ContentUse, i).content);

        bytes += content->base != NO_BASE_FILE ? content->length : 0;
    }
    return bytes;
}

static FramePlan *
plan_frames (Packer *packer, PackResult *result, GError **error)
{
    g_autoptr (FramePlan) plan = frame_plan_new (packer->options->level, packer->jobs);
    guint64 carried = 0;

    pack_plan_tree (packer, plan);
    frame_plan_add (plan, REGION_META, packer->meta_fd, 0, packer->meta_bytes);
    for (guint i = 0; i < packer->contents->layers->len; i++)
        if (!plan_literals (packer, plan, i, error))
            return NULL;
    for (guint i = 0; i < packer->schedule->files->len; i++) {
        const PackFile *file = &g_array_index (packer->schedule->files, PackFile, i);

        if (file->base != NO_BASE_FILE)
            continue;
        plan_file (packer, plan, file, result);
        carried += g_array_index (packer->contents->contents, Content, file->content).length;
    }
    for (guint i = 0; i < plan->ranges[REGION_LITERALS]->len; i++)
        carried += g_array_index (plan->ranges[REGION_LITERALS], Range, i).length;
    for (guint i = 0; i < packer->contents->layers->len; i++)
        result->from_bases +=
            bytes_from_bases (packer->contents, packer->contents->layers->pdata[i]);
    result->repeated = result->uncompressed - carried - result->from_bases;
    return g_steal_pointer (&plan);
}

/* What was written is read back before it gets its name: every layer rebuilt, every digest. */
static gboolean
read_back (const Packer *packer, const Output *output, GError **error)
{
    g_autoptr (Bundle) bundle = bundle_open_parts (output_parts (output), error);
    g_autoptr (GPtrArray) none = g_ptr_array_new ();
    g_autoptr (BundleBases) bases = NULL;

    if (bundle != NULL) {
        bases = bundle_bases_new (packer->options->bases != NULL ? packer->options->bases : none,
                                  bundle_packing (bundle));
        bundle_bases_lend (bases, bundle);
    }
    return (bundle != NULL && bundle_check_deep (bundle, packer->options->tmpdir,
                                                 packer->options->progress, error)) ||
           fail_prefix (error, "reading back what was packed");
}

static gboolean
write_bundle (Packer *packer, const char *path, PackResult *result, GError **error)
{
    g_autoptr (FramePlan) plan = NULL;
    g_autoptr (Output) output = output_new (path, packer->options->split, error);

    if (output == NULL || !pack_write_meta (packer, error))
        return FALSE;
    packer->headers_fd = file_temporary (packer->options->tmpdir, error);
    if (packer->headers_fd < 0)
        return FALSE;
    plan = plan_frames (packer, result, error);
    if (plan == NULL)
        return FALSE;
    packer->frames = g_array_new (FALSE, FALSE, sizeof (Frame));
    if (!frame_plan_write (plan, output, packer->frames, packer->packing.regions,
                           packer->options->progress, error) ||
        !pack_write_end (packer, output, result, error) || !read_back (packer, output, error))
        return FALSE;
    result->bytes = output_bytes (output);
    result->parts = output_parts (output)->len;
    return output_commit (output, error);
}

gboolean
pack (const Release *release, const char *dir, const char *output, const PackOptions *options,
      PackResult *result, GError **error)
{
    g_auto (Packer) packer = {
        .release = release, .options = options, .dir = dir, .meta_fd = -1, .headers_fd = -1
    };

    packing_init (&packer.packing);
    /* It is looked at again when it is made; here no time is lost yet. */
    if (!output_check_new (output, error))
        return FALSE;
    packer.jobs = options->jobs > 0 ? options->jobs : default_jobs ();
    packer.dirfd = file_open_dir_given (dir, error);
    if (packer.dirfd < 0)
        return FALSE;
    packer.tree = collect_tree (release, packer.dirfd, options->tmpdir, error);
    if (packer.tree == NULL || !pack_read_sboms (&packer, error) ||
        !syntax_check (release, packer.tree, options->tmpdir, options->warnings, error) ||
        !pack_read_lock (&packer, error) || !pack_collect_images (&packer, dir, result, error) ||
        !pack_write_lock (&packer, result, error) || !pack_leave_out (&packer, result, error) ||
        !plan_contents (&packer, result, error))
        return FALSE;
    packer.statement.release = (Release *)release;
    packer.statement.tree_commit = packer.tree->commit;
    packer.statement.tree_files = packer.tree->files;
    packer.statement.tree_bytes = packer.tree->content_bytes;
    if (!write_bundle (&packer, output, result, error))
        return FALSE;
    result->lock = g_steal_pointer (&packer.lock);
    return TRUE;
}

void
pack_result_clear (PackResult *result)
{
    g_clear_pointer (&result->release_digest, g_free);
    g_clear_pointer (&result->lock, release_lock_free);
    g_clear_pointer (&result->lock_file, g_free);
    g_clear_pointer (&result->moved, g_ptr_array_unref);
}

char *
pack_file_name (const Release *release, const GPtrArray *bases, const GPtrArray *haves)
{
    GString *name = g_string_new (NULL);

    g_string_printf (name, "%s-%s-r%" G_GUINT64_FORMAT, release->product, release->version,
                     release->release);
    for (guint i = 0; haves->len == 0 && i < bases->len; i++)
        g_string_append_printf (
            name, "%s-r%" G_GUINT64_FORMAT, i == 0 ? "-from" : "",
            bundle_statement (base_bundle_get (bases->pdata[i]))->release->release);
    for (guint i = 0; i < haves->len; i++)
        g_string_append_printf (name, "%s-%s", i == 0 ? "-for" : "",
                                ((Have *)haves->pdata[i])->host);
    return g_string_free (g_string_append (name, ".tar.zst"), FALSE);
}
