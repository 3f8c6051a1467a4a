/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/base-state.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/message.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>
#include <zlib.h>

typedef struct archive Archive;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Archive, archive_read_free)

#define READ_BYTES (256 * 1024)

/* A content in the spool. */
typedef struct {
    guint64 at, length;
    guint32 checksum;
} Kept;

/* One export of one image, read as it comes. Paths are owned. */
typedef struct {
    Bases *bases;
    EngineStream *stream;
    GError *error;      /* of the stream, below libarchive */
    GHashTable *wanted; /* path → GPtrArray of BaseFile */
    GHashTable *kept;   /* path → Kept */
    GHashTable *later;  /* like wanted: what hard links name that went by already */
    guint8 *buffer;
} Pass;

static la_ssize_t
on_read (struct archive *archive, void *data, const void **bytes)
{
    Pass *pass = data;
    const guint8 *next = NULL;
    gssize n = engine_stream_read (pass->stream, &next, &pass->error);

    *bytes = next;
    if (n < 0)
        archive_set_error (archive, 1, "the stream broke off");
    return n;
}

static gboolean
stop (gpointer data)
{
    return run_stopped (((Pass *)data)->bases->run);
}

/* "./etc/passwd" and "/etc/passwd" are "etc/passwd". */
static const char *
plain_path (const char *path)
{
    while (*path == '/' || (*path == '.' && path[1] == '/'))
        path++;
    return path;
}

static void
want (GHashTable *wanted, const char *path, const BaseFile *file)
{
    GPtrArray *files = g_hash_table_lookup (wanted, path);

    if (files == NULL) {
        files = g_ptr_array_new ();
        g_hash_table_insert (wanted, g_strdup (path), files);
    }
    g_ptr_array_add (files, (gpointer)file);
}

/* Gives a content to the files that it is right for; says why it is not for the others. */
static gboolean
assign (Pass *pass, const GPtrArray *files, const Kept *kept)
{
    gboolean any = FALSE;

    for (guint i = 0; i < files->len; i++) {
        BaseFile *file = g_ptr_array_index (files, i);

        if (file->length == kept->length && file->checksum == kept->checksum) {
            g_hash_table_insert (pass->bases->spooled, file,
                                 g_memdup2 (&kept->at, sizeof kept->at));
            any = TRUE;
        } else {
            g_hash_table_insert (
                pass->bases->wrong, file,
                message_printf ("it was changed: its CRC-32 is %08x, this delta was made "
                                "against %08x",
                                kept->checksum, file->checksum));
        }
    }
    return any;
}

static gboolean
any_has_length (Pass *pass, const GPtrArray *files, guint64 length)
{
    gboolean any = FALSE;

    for (guint i = 0; i < files->len; i++) {
        BaseFile *file = g_ptr_array_index (files, i);

        if (file->length == length)
            any = TRUE;
        else
            g_hash_table_insert (
                pass->bases->wrong, file,
                message_printf ("it was changed: it has %" G_GUINT64_FORMAT
                                " bytes, this delta was made against %" G_GUINT64_FORMAT,
                                length, file->length));
    }
    return any;
}

/* Writes the entry's content behind what is spooled. */
static gboolean
spool_content (Pass *pass, Archive *archive, Kept *kept, GError **error)
{
    uLong sum = crc32 (0, NULL, 0);

    for (guint64 done = 0; done < kept->length;) {
        gsize length = (gsize)MIN (kept->length - done, READ_BYTES);
        la_ssize_t n = archive_read_data (archive, pass->buffer, length);

        if (n <= 0)
            return fail (error, ERR_ENGINE, "it ends in the middle of a file");
        sum = crc32 (sum, pass->buffer, (uInt)n);
        if (!file_pwrite_all (pass->bases->spool_fd, "the spool of base files", pass->buffer,
                              (gsize)n, kept->at + done, error))
            return FALSE;
        done += (guint64)n;
    }
    kept->checksum = (guint32)sum;
    return TRUE;
}

static gboolean
take_content (Pass *pass, Archive *archive, const char *path, guint64 length, GError **error)
{
    const GPtrArray *files = g_hash_table_lookup (pass->wanted, path);
    Kept kept = { .at = pass->bases->spool_end, .length = length };

    if (!any_has_length (pass, files, length))
        return TRUE;
    if (!spool_content (pass, archive, &kept, error))
        return FALSE;
    if (!assign (pass, files, &kept))
        return TRUE;
    pass->bases->spool_end += length;
    progress_add (pass->bases->run->progress, length);
    g_hash_table_insert (pass->kept, g_strdup (path), g_memdup2 (&kept, sizeof kept));
    g_hash_table_remove (pass->wanted, path);
    return TRUE;
}

/* A hard link: what it names went by before, and was kept or needs another pass. */
static void
take_link (Pass *pass, const char *path, const char *target)
{
    const GPtrArray *files = g_hash_table_lookup (pass->wanted, path);
    const Kept *kept = g_hash_table_lookup (pass->kept, target);

    if (kept != NULL)
        assign (pass, files, kept);
    for (guint i = 0; kept == NULL && i < files->len; i++)
        want (pass->later, target, g_ptr_array_index (files, i));
    g_hash_table_remove (pass->wanted, path);
}

static gboolean
take_entry (Pass *pass, Archive *archive, struct archive_entry *entry, GError **error)
{
    const char *given = archive_entry_pathname (entry), *link = archive_entry_hardlink (entry);
    g_autofree char *path = given != NULL ? g_strdup (plain_path (given)) : NULL;

    if (path == NULL || !g_hash_table_contains (pass->wanted, path))
        return TRUE;
    if (link != NULL)
        take_link (pass, path, plain_path (link));
    else if (archive_entry_filetype (entry) == AE_IFREG && archive_entry_size (entry) >= 0)
        return take_content (pass, archive, path, (guint64)archive_entry_size (entry), error);
    return TRUE;
}

/* As far as something is wanted. No filters: libarchive would run programs for some of them. */
static gboolean
read_tar (Pass *pass, GError **error)
{
    g_autoptr (Archive) archive = archive_read_new ();
    struct archive_entry *entry;
    int status = ARCHIVE_OK;

    archive_read_support_filter_none (archive);
    archive_read_support_format_tar (archive);
    if (archive_read_open (archive, pass, NULL, on_read, NULL) != ARCHIVE_OK)
        return fail (error, ERR_ENGINE, "it is no tar: %s", archive_error_string (archive));
    while (g_hash_table_size (pass->wanted) > 0 &&
           (status = archive_read_next_header (archive, &entry)) != ARCHIVE_EOF) {
        if (status < ARCHIVE_WARN)
            return fail (error, ERR_ENGINE, "it is no tar, or damaged: %s",
                         archive_error_string (archive));
        if (!take_entry (pass, archive, entry, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
read_export (EngineStream *stream, gpointer data, GError **error)
{
    Pass *pass = data;
    g_autoptr (GError) local = NULL;

    pass->stream = stream;
    if (read_tar (pass, &local))
        return TRUE;
    if (pass->error != NULL)
        g_propagate_error (error, g_steal_pointer (&pass->error));
    else
        g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
}

static void
unref_files (gpointer files)
{
    g_ptr_array_unref (files);
}

static GHashTable *
new_wants (void)
{
    return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, unref_files);
}

static void
pass_clear (Pass *pass)
{
    g_hash_table_unref (pass->wanted);
    g_hash_table_unref (pass->kept);
    g_hash_table_unref (pass->later);
    g_clear_error (&pass->error);
    g_free (pass->buffer);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pass, pass_clear)

/* Takes wanted, and gives what another pass is for. */
static gboolean
run_pass (Bases *bases, const EngineImage *image, GHashTable *wanted, GHashTable **later,
          GError **error)
{
    g_auto (Pass) pass = {
        .bases = bases,
        .wanted = wanted,
        .kept = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free),
        .later = new_wants (),
        .buffer = g_malloc (READ_BYTES),
    };
    g_autofree char *id = digest_to_text (&image->id);
    gboolean there;

    if (!engine_export (bases->run->engine, id, read_export, stop, &pass, &there, error))
        return fail_prefix (error, "export of image %s", id);
    *later = g_hash_table_ref (pass.later);
    return TRUE;
}

static void
want_layer (const Bases *bases, const BaseLayer *layer, GHashTable *wanted)
{
    for (guint i = 0; i < layer->files->len; i++) {
        const BaseFile *file = g_ptr_array_index (layer->files, i);

        if (!g_hash_table_contains (bases->spooled, file))
            want (wanted, file->path, file);
    }
}

/* What of a base is to be exported and not yet spooled. */
static GHashTable *
wanted_of (const Bases *bases, guint64 number)
{
    GHashTable *wanted = new_wants ();

    for (guint i = 0; i < bases->layers->len; i++) {
        const BaseLayer *layer = g_ptr_array_index (bases->layers, i);

        if (layer->image == number && layer->way == BASE_EXPORT)
            want_layer (bases, layer, wanted);
    }
    return wanted;
}

/* Content of files that hard links name comes before the links or after them: two passes do. */
static gboolean
export_image (Bases *bases, const EngineImage *image, guint64 number, GError **error)
{
    g_autoptr (GHashTable) wanted = wanted_of (bases, number);
    g_autoptr (GHashTable) later = NULL, none = NULL;

    if (g_hash_table_size (wanted) == 0)
        return TRUE;
    if (!run_pass (bases, image, g_hash_table_ref (wanted), &later, error))
        return FALSE;
    return g_hash_table_size (later) == 0 ||
           run_pass (bases, image, g_hash_table_ref (later), &none, error);
}

typedef struct {
    const EngineImage *image;
    guint alike; /* lowest layers that are the base's */
} Candidate;

/* Files of a base may be hidden by layers that only another image has: the base itself is best. */
static int
by_likeness (gconstpointer a, gconstpointer b)
{
    const Candidate *left = a, *right = b;

    if (left->alike != right->alike)
        return left->alike > right->alike ? -1 : 1;
    return (int)left->image->layers->len - (int)right->image->layers->len;
}

static gboolean
export_base (Bases *bases, guint64 number, GError **error)
{
    const PackingBase *base = g_ptr_array_index (bases->packing->bases, number);
    g_autoptr (GArray) candidates = g_array_new (FALSE, FALSE, sizeof (Candidate));

    for (guint i = 0; i < bases->images->len; i++) {
        Candidate one = { g_ptr_array_index (bases->images, i), 0 };

        one.alike = digests_common (one.image->layers, base->layers);
        if (one.alike > 0)
            g_array_append_val (candidates, one);
    }
    g_array_sort (candidates, by_likeness);
    for (guint i = 0; i < candidates->len; i++)
        if (!export_image (bases, g_array_index (candidates, Candidate, i).image, number, error))
            return fail_prefix (error, "base image '%s'", base->name);
    return TRUE;
}

/* What no export had. */
static void
note_missing (Bases *bases)
{
    for (guint i = 0; i < bases->layers->len; i++) {
        const BaseLayer *layer = g_ptr_array_index (bases->layers, i);

        for (guint k = 0; layer->way == BASE_EXPORT && k < layer->files->len; k++) {
            const BaseFile *file = g_ptr_array_index (layer->files, k);
            const char *why = g_hash_table_lookup (bases->wrong, file);

            if (!g_hash_table_contains (bases->spooled, file))
                base_lack_file (bases, layer, file, why != NULL ? why : "it is not there");
        }
    }
}

gboolean
bases_prepare (Bases *bases, GError **error)
{
    gboolean done = TRUE;

    if (bases_export_bytes (bases) == 0)
        return TRUE;
    if (bases->spool_fd < 0)
        bases->spool_fd = file_temporary (bases->run->host->state_path, error);
    if (bases->spool_fd < 0)
        return FALSE;
    progress_begin (bases->run->progress, "reading base files from an export",
                    bases_export_bytes (bases));
    for (guint i = 0; done && i < bases->packing->bases->len; i++)
        done = export_base (bases, i, error);
    progress_end (bases->run->progress);
    if (!done)
        return FALSE;
    note_missing (bases);
    return bases_check (bases, error);
}
