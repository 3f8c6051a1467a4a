/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/pull.h"

#include "bundle/crew.h"
#include "bundle/oci-index.h"
#include "bundle/source-image.h"
#include "bundle/source-registry.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/message.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Unpacked layers, one behind the other; one thread writes to it at a time. */
typedef struct {
    int fd;
    guint64 bytes;
} Spool;

/* Passes on how many bytes there were, but not the phases: one phase is for all blobs. */
typedef struct {
    Progress parent;
    Progress *to;
} Part;

typedef struct {
    const SourceOptions *options;
    const GArray *wanted;
    RegistryOptions registry;
    Cache *cache;
    GPtrArray *images; /* RegistryImage, beside wanted; NULL until it is resolved */
    GPtrArray *blobs;  /* Blob */
    GAsyncQueue *spools;
    GPtrArray *fds; /* owns the descriptors of all images */
    Part fetching, unpacking;
    GCancellable *cancellable;
    GMutex mutex;  /* of what follows, and of fds */
    GError *error; /* the first */
    PullCount *count;
    GPtrArray *warnings;
} Pull;

typedef struct {
    const OciDescriptor *descriptor;
    guint image;    /* the first that has it */
    GBytes *config; /* what became of it: either of a config … */
    LayerTar layer; /* … or of a layer */
    guint64 kept;   /* bytes that an earlier run left */
} Blob;

typedef struct {
    Pull *pull;
    Blob *blob;
} Fetch;

static void
blob_free (gpointer data)
{
    Blob *blob = data;

    g_clear_pointer (&blob->config, g_bytes_unref);
    g_free (blob);
}

static void
spool_free (gpointer spool)
{
    g_free (spool);
}

static void
image_free (gpointer image)
{
    registry_image_free (image);
}

static void
free_source (gpointer image)
{
    source_image_free (image);
}

static void
close_fd (gpointer fd)
{
    close (GPOINTER_TO_INT (fd));
}

static void
part_begin (Progress *progress, const char *what, guint64 total)
{
    (void)progress;
    (void)what;
    (void)total;
}

static void
part_add (Progress *progress, guint64 bytes)
{
    progress_add (((Part *)progress)->to, bytes);
}

static void
part_end (Progress *progress)
{
    (void)progress;
}

static Part
part_of (Progress *to)
{
    return (Part){ { part_begin, part_add, part_end }, to };
}

static void
pull_clear (Pull *pull)
{
    g_clear_pointer (&pull->cache, cache_free);
    g_clear_pointer (&pull->images, g_ptr_array_unref);
    g_clear_pointer (&pull->blobs, g_ptr_array_unref);
    g_clear_pointer (&pull->spools, g_async_queue_unref);
    g_clear_pointer (&pull->fds, g_ptr_array_unref);
    g_clear_object (&pull->cancellable);
    g_clear_error (&pull->error);
    g_mutex_clear (&pull->mutex);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pull, pull_clear)

static gboolean
pull_init (Pull *pull, GError **error)
{
    const SourceOptions *options = pull->options;

    g_mutex_init (&pull->mutex);
    pull->cancellable = g_cancellable_new ();
    if (options->registry != NULL)
        pull->registry = *options->registry;
    pull->registry.cancellable = pull->cancellable;
    pull->images = g_ptr_array_new_with_free_func (image_free);
    g_ptr_array_set_size (pull->images, (gint)pull->wanted->len);
    pull->blobs = g_ptr_array_new_with_free_func (blob_free);
    pull->spools = g_async_queue_new_full (spool_free);
    pull->fds = g_ptr_array_new_with_free_func (close_fd);
    pull->cache = cache_open (options->cache, options->offline, error);
    return pull->cache != NULL;
}

/* Only the first failure counts: those behind it are what it cancelled. Takes the error. */
static void
give_up (Pull *pull, guint image, GError *error)
{
    const PullWanted *wanted = &g_array_index (pull->wanted, PullWanted, image);
    g_autofree char *shown = error_quote (wanted->from);
    g_autoptr (GError) own = error;

    g_mutex_lock (&pull->mutex);
    if (pull->error == NULL) {
        pull->error = g_steal_pointer (&own);
        fail_prefix (&pull->error, "image source '%s'", shown);
        fail_prefix (&pull->error, "image '%s'", wanted->name);
    }
    g_mutex_unlock (&pull->mutex);
    g_cancellable_cancel (pull->cancellable);
}

/* Runs func for each element of jobs. */
static gboolean
run_all (Pull *pull, GPtrArray *jobs, GFunc func, GError **error)
{
    crew_run (jobs, PULL_THREADS, func, pull);
    if (pull->error == NULL)
        return TRUE;
    g_propagate_error (error, g_steal_pointer (&pull->error));
    return FALSE;
}

/* job: the number of the image. */
static void
run_resolve (gpointer job, gpointer data)
{
    Pull *pull = data;
    guint number = GPOINTER_TO_UINT (job);
    const PullWanted *wanted = &g_array_index (pull->wanted, PullWanted, number);
    g_autoptr (GError) error = NULL;
    const RegistryOptions *registry = pull->options->offline ? NULL : &pull->registry;

    if (g_cancellable_is_cancelled (pull->cancellable))
        return;
    pull->images->pdata[number] =
        registry_image_resolve (wanted->from + strlen ("docker://"), wanted->locked,
                                pull->options->platform, pull->cache, registry, &error);
    if (error != NULL)
        give_up (pull, number, g_steal_pointer (&error));
}

static gboolean
resolve_all (Pull *pull, GError **error)
{
    g_autoptr (GPtrArray) jobs = g_ptr_array_new ();

    for (guint i = 0; i < pull->wanted->len; i++)
        g_ptr_array_add (jobs, GUINT_TO_POINTER (i));
    return run_all (pull, jobs, run_resolve, error);
}

static int
largest_first (gconstpointer a, gconstpointer b)
{
    const Blob *const *left = a, *const *right = b;
    guint64 x = (*left)->descriptor->bytes, y = (*right)->descriptor->bytes;

    return x < y ? 1 : x > y ? -1 : 0;
}

/* Two images must say the same of one blob, and a config is read into memory. */
static gboolean
check_part (const Pull *pull, const Blob *blob, const OciDescriptor *part, guint image,
            GError **error)
{
    const PullWanted *wanted = &g_array_index (pull->wanted, PullWanted, image);

    if (blob->descriptor->bytes != part->bytes || blob->descriptor->kind != part->kind)
        return fail (error, ERR_FORMAT, "images '%s' and '%s' say different things of one blob",
                     g_array_index (pull->wanted, PullWanted, blob->image).name, wanted->name);
    return part->kind != OCI_CONFIG || part->bytes <= LIMIT_JSON_BYTES ||
           fail (error, ERR_FORMAT,
                 "image '%s': its config has %" G_GUINT64_FORMAT " bytes; at most %d are read",
                 wanted->name, part->bytes, LIMIT_JSON_BYTES);
}

/* The blobs of all images, each once. */
static gboolean
gather_blobs (Pull *pull, GHashTable *known, GError **error)
{
    for (guint i = 0; i < pull->images->len; i++) {
        const RegistryImage *image = pull->images->pdata[i];

        for (guint k = 0; k < image->parts->len; k++) {
            const OciDescriptor *part = image->parts->pdata[k];
            Blob *blob = g_hash_table_lookup (known, &part->digest);

            if (blob == NULL) {
                blob = g_new0 (Blob, 1);
                *blob = (Blob){ .descriptor = part, .image = i };
                blob->layer.fd = -1;
                g_ptr_array_add (pull->blobs, blob);
                g_hash_table_insert (known, (gpointer)&part->digest, blob);
            }
            if (!check_part (pull, blob, part, i, error))
                return FALSE;
        }
    }
    g_ptr_array_sort (pull->blobs, largest_first);
    return TRUE;
}

static gboolean
fetch_blob (gpointer user, int fd, GError **error)
{
    Fetch *fetch = user;
    const OciDescriptor *wanted = fetch->blob->descriptor;
    const RegistryImage *image = fetch->pull->images->pdata[fetch->blob->image];
    struct stat st;

    fetch->blob->kept = fstat (fd, &st) == 0 ? MIN ((guint64)st.st_size, wanted->bytes) : 0;
    return registry_read_blob (image->registry, &wanted->digest, wanted->bytes, fd,
                               &fetch->pull->fetching.parent, error);
}

static void
count_blob (Pull *pull, const Blob *blob, CacheOutcome outcome)
{
    g_autofree char *digest = digest_to_text (&blob->descriptor->digest);

    g_mutex_lock (&pull->mutex);
    if (outcome == CACHE_HAD) {
        pull->count->cached_blobs++;
        pull->count->cached_bytes += blob->descriptor->bytes;
    } else {
        pull->count->pulled_blobs++;
        pull->count->pulled_bytes += blob->descriptor->bytes - blob->kept;
    }
    if (outcome == CACHE_REPLACED && pull->warnings != NULL)
        g_ptr_array_add (pull->warnings,
                         message_printf ("the cache '%s' had damaged bytes for %s; it was "
                                         "fetched again",
                                         cache_path (pull->cache), digest));
    g_mutex_unlock (&pull->mutex);
}

static Spool *
take_spool (Pull *pull, GError **error)
{
    Spool *spool = g_async_queue_try_pop (pull->spools);
    int fd;

    if (spool != NULL)
        return spool;
    fd = file_temporary (pull->options->tmpdir, error);
    if (fd < 0)
        return NULL;
    spool = g_new0 (Spool, 1);
    spool->fd = fd;
    g_mutex_lock (&pull->mutex);
    g_ptr_array_add (pull->fds, GINT_TO_POINTER (fd));
    g_mutex_unlock (&pull->mutex);
    return spool;
}

/* What the bytes are is proven here as well as in the cache: they are read again. */
static gboolean
unpack (Pull *pull, Blob *blob, const SourceRange *range, SourcePacking packing, Spool *spool,
        GError **error)
{
    g_autofree char *name = digest_to_text (&blob->descriptor->digest);
    SourceUnpacked unpacked;

    if (!source_range_unpack (range, packing, name, spool->fd, spool->bytes,
                              &pull->unpacking.parent, &unpacked, error))
        return FALSE;
    if (!digest_equal (&unpacked.packed, &blob->descriptor->digest))
        return fail (error, ERR_FAILED, "%s changed in the cache while it was read", name);
    blob->layer = (LayerTar){ spool->fd, spool->bytes, unpacked.bytes, unpacked.unpacked, TRUE };
    spool->bytes += unpacked.bytes;
    return TRUE;
}

static gboolean
unpack_layer (Pull *pull, Blob *blob, int *fd, GError **error)
{
    SourceRange range = { *fd, 0, blob->descriptor->bytes };
    SourcePacking packing;
    Spool *spool;
    gboolean ok;

    if (!source_range_packing (&range, "layer", &packing, error))
        return FALSE;
    if (packing == PACKING_NONE) {
        blob->layer = (LayerTar){ *fd, 0, range.bytes, blob->descriptor->digest };
        progress_add (&pull->unpacking.parent, range.bytes);
        g_mutex_lock (&pull->mutex);
        g_ptr_array_add (pull->fds, GINT_TO_POINTER (file_steal_fd (fd)));
        g_mutex_unlock (&pull->mutex);
        return TRUE;
    }
    spool = take_spool (pull, error);
    if (spool == NULL)
        return FALSE;
    ok = unpack (pull, blob, &range, packing, spool, error);
    g_async_queue_push (pull->spools, spool);
    return ok;
}

static gboolean
read_config (Blob *blob, int fd, GError **error)
{
    blob->config = source_range_read (&(SourceRange){ fd, 0, blob->descriptor->bytes },
                                      "image config", LIMIT_JSON_BYTES, error);
    return blob->config != NULL;
}

static void
run_blob (gpointer job, gpointer data)
{
    Pull *pull = data;
    Blob *blob = job;
    Fetch fetch = { pull, blob };
    CacheBlob wanted = { .digest = blob->descriptor->digest,
                         .bytes = blob->descriptor->bytes,
                         .fetch = pull->options->offline ? NULL : fetch_blob,
                         .user = &fetch,
                         .cancellable = pull->cancellable };
    CacheOutcome outcome;
    GError *error = NULL;
    autofd int fd = -1;

    if (g_cancellable_is_cancelled (pull->cancellable))
        return;
    fd = cache_get (pull->cache, &wanted, &outcome, &error);
    if (fd >= 0) {
        count_blob (pull, blob, outcome);
        if (blob->descriptor->kind == OCI_CONFIG ? read_config (blob, fd, &error)
                                                 : unpack_layer (pull, blob, &fd, &error))
            return;
    }
    give_up (pull, blob->image, error);
}

/* The bar shows what travels; where nothing does, what is unpacked. */
static gboolean
begin_progress (Pull *pull, GError **error)
{
    guint64 missing = 0, missing_blobs = 0, all = 0;
    g_autofree char *what = NULL;

    for (guint i = 0; i < pull->blobs->len; i++) {
        const OciDescriptor *blob = ((Blob *)pull->blobs->pdata[i])->descriptor;
        guint64 bytes = cache_missing (pull->cache, &blob->digest, blob->bytes);

        all += blob->bytes;
        missing += bytes;
        missing_blobs += bytes > 0 ? 1 : 0;
    }
    if (!pull->options->offline && !cache_check_space (pull->cache, missing, error))
        return FALSE;
    what = g_strdup_printf ("%s %" G_GUINT64_FORMAT " blobs",
                            missing_blobs > 0 ? "pulling" : "unpacking",
                            missing_blobs > 0 ? missing_blobs : pull->blobs->len);
    pull->fetching = part_of (missing_blobs > 0 ? pull->options->progress : NULL);
    pull->unpacking = part_of (missing_blobs > 0 ? NULL : pull->options->progress);
    progress_begin (pull->options->progress, what, missing_blobs > 0 ? missing : all);
    return TRUE;
}

static gboolean
pull_blobs (Pull *pull, GHashTable *known, GError **error)
{
    gboolean ok;

    if (!gather_blobs (pull, known, error) || !begin_progress (pull, error))
        return FALSE;
    ok = run_all (pull, pull->blobs, run_blob, error);
    progress_end (pull->options->progress);
    return ok;
}

static SourceImage *
assemble (Pull *pull, guint number, GHashTable *known, GError **error)
{
    const RegistryImage *from = pull->images->pdata[number];
    const OciDescriptor *first = from->parts->pdata[0];
    const Blob *config = g_hash_table_lookup (known, &first->digest);
    g_autoptr (SourceBuilder) builder =
        source_builder_new (config->config, &first->digest, pull->options, error);
    SourceImage *image;

    if (builder == NULL ||
        !oci_manifest_check_layers (from->parts, source_builder_layers (builder), error))
        return NULL;
    source_builder_share (builder, pull->fds);
    for (guint i = 1; i < from->parts->len; i++) {
        const OciDescriptor *layer = from->parts->pdata[i];
        const Blob *blob = g_hash_table_lookup (known, &layer->digest);

        if (!source_builder_add_unpacked (builder, &blob->layer, error))
            return NULL;
    }
    image = source_builder_finish (builder, error);
    if (image == NULL)
        return NULL;
    image->reference = registry_image_name (from);
    image->manifest = from->manifest;
    image->index = from->index;
    image->has_index = from->has_index;
    return image;
}

static GPtrArray *
assemble_all (Pull *pull, GHashTable *known, GError **error)
{
    g_autoptr (GPtrArray) images = g_ptr_array_new_with_free_func (free_source);

    for (guint i = 0; i < pull->images->len; i++) {
        GError *own = NULL;
        SourceImage *image = assemble (pull, i, known, &own);

        if (image == NULL) {
            give_up (pull, i, own);
            g_propagate_error (error, g_steal_pointer (&pull->error));
            return NULL;
        }
        g_ptr_array_add (images, image);
    }
    return g_steal_pointer (&images);
}

GPtrArray *
pull_images (const GArray *wanted, const SourceOptions *options, PullCount *count,
             GPtrArray *warnings, GError **error)
{
    g_auto (Pull)
        pull = { .options = options, .wanted = wanted, .count = count, .warnings = warnings };
    g_autoptr (GHashTable) known = g_hash_table_new (digest_hash_key, digest_equal_key);

    if (!pull_init (&pull, error) || !resolve_all (&pull, error) ||
        !pull_blobs (&pull, known, error))
        return NULL;
    return assemble_all (&pull, known, error);
}
