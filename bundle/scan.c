/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/scan.h"

#include "bundle/format.h"
#include "bundle/sketch.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <zlib.h>

#define SCAN_CHUNK (1024 * 1024)

/* Fields of a header (POSIX.1-2001, pax, ustar interchange format). */
#define TAR_SIZE_AT 124
#define TAR_SIZE_BYTES 12
#define TAR_TYPE_AT 156
#define TAR_MAGIC_AT 257

typedef struct {
    const LayerTar *layer;
    Progress *progress;
    guint64 at; /* read so far */
    DigestStream *whole, *file;
    Sketch *sketch;
    GArray *extents, *entries; /* entries: NULL where nobody asks */
    GError *error;
    guint8 chunk[SCAN_CHUNK];
} Scan;

/* libarchive reads the layer through this, so that every byte is hashed once, in order. */
static la_ssize_t
read_chunk (struct archive *a, void *data, const void **bytes)
{
    Scan *scan = data;
    gsize n = (gsize)MIN (SCAN_CHUNK, scan->layer->bytes - scan->at);

    *bytes = scan->chunk;
    if (n == 0)
        return 0;
    if (!file_pread_all (scan->layer->fd, "layer", scan->chunk, n, scan->layer->offset + scan->at,
                         &scan->error)) {
        archive_set_error (a, EIO, "read failed");
        return -1;
    }
    if (!scan->layer->proven)
        digest_stream_add (scan->whole, scan->chunk, n);
    progress_add (scan->progress, n);
    scan->at += n;
    return (la_ssize_t)n;
}

/* Hashes the content of the current entry. FALSE where libarchive gives up, or where it is sparse:
 * then the bytes in the tar are not the file. */
static gboolean
hash_entry (Scan *scan, struct archive *a, Extent *extent)
{
    const void *block;
    size_t length;
    la_int64_t offset;
    uLong sum = crc32 (0, NULL, 0);
    guint64 at = 0;
    int result;

    while ((result = archive_read_data_block (a, &block, &length, &offset)) == ARCHIVE_OK) {
        if ((guint64)offset != at)
            return FALSE;
        digest_stream_add (scan->file, block, length);
        sketch_add (scan->sketch, block, length);
        sum = crc32_z (sum, block, length);
        at += length;
    }
    digest_stream_finish (scan->file, &extent->digest);
    extent->checksum = (guint32)sum;
    return result == ARCHIVE_EOF && at == extent->length;
}

static gboolean
is_source (struct archive_entry *entry)
{
    return archive_entry_filetype (entry) == AE_IFREG && archive_entry_hardlink (entry) == NULL &&
           archive_entry_size (entry) > 0 && archive_entry_sparse_count (entry) == 0;
}

/* The size field of a header: octal digits, or big-endian behind a first byte of 0x80. */
static guint64
header_size (const guint8 *field)
{
    guint64 size = 0;

    if (field[0] == 0x80) {
        for (guint i = 1; i < TAR_SIZE_BYTES; i++)
            size = size << 8 | field[i];
        return size;
    }
    for (guint i = 0; i < TAR_SIZE_BYTES && field[i] != '\0' && field[i] != ' '; i++) {
        if (field[i] < '0' || field[i] > '7')
            return G_MAXUINT64;
        size = size << 3 | (guint64)(field[i] - '0');
    }
    return size;
}

/* Extended headers can make libarchive see a file where the bytes of the tar are something else:
 * another size, a map of holes. Only where the block in front is the plain header of a file of this
 * size are the bytes behind it the file. Everything else is carried as a literal. */
static gboolean
has_plain_header (Scan *scan, const Extent *extent)
{
    guint8 block[TAR_BLOCK];
    const guint8 *type = block + TAR_TYPE_AT;

    return extent->offset >= TAR_BLOCK &&
           file_pread_all (scan->layer->fd, "layer", block, sizeof block,
                           scan->layer->offset + extent->offset - TAR_BLOCK, NULL) &&
           memcmp (block + TAR_MAGIC_AT, "ustar", 5) == 0 && (*type == '0' || *type == '\0') &&
           header_size (block + TAR_SIZE_AT) == extent->length;
}

/* The name as another program finds it below the layer's folder, or NULL. libarchive translates
 * names that are not ASCII by the locale, so they are not to be relied on. */
static char *
plain_path (const char *name)
{
    g_autoptr (GString) path = g_string_new (NULL);
    g_auto (GStrv) parts = NULL;

    if (name == NULL || !g_str_is_ascii (name))
        return NULL;
    parts = g_strsplit (name, "/", -1);
    for (char **part = parts; *part != NULL; part++) {
        if (strcmp (*part, "..") == 0)
            return NULL;
        if (**part == '\0' || strcmp (*part, ".") == 0)
            continue;
        if (path->len > 0)
            g_string_append_c (path, '/');
        g_string_append (path, *part);
    }
    return path->len > 0 ? g_string_free (g_steal_pointer (&path), FALSE) : NULL;
}

static void
add_entry (Scan *scan, struct archive_entry *entry, const char *path, guint extent)
{
    mode_t type = archive_entry_filetype (entry);
    gboolean file = type == AE_IFREG && archive_entry_hardlink (entry) == NULL;
    ScanEntry row = { g_strdup (path),
                      file               ? SCAN_FILE
                      : type == AE_IFDIR ? SCAN_FOLDER
                                         : SCAN_OTHER,
                      extent };

    g_array_append_val (scan->entries, row);
}

/* The content ends, padding included, where libarchive stands once the entry's data is read. */
static gboolean
scan_file (Scan *scan, struct archive *a, Extent *extent, gboolean *found)
{
    guint64 padded = (extent->length + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
    guint64 end;
    gboolean plain;

    sketch_begin (scan->sketch);
    plain = hash_entry (scan, a, extent);
    sketch_finish (scan->sketch, extent->length, extent->sketch);
    if (archive_read_data_skip (a) != ARCHIVE_OK)
        return FALSE;
    end = (guint64)archive_filter_bytes (a, 0);
    if (!plain || end < padded || end > scan->layer->bytes)
        return TRUE;
    extent->offset = end - padded;
    *found = has_plain_header (scan, extent);
    return TRUE;
}

static gboolean
scan_entry (Scan *scan, struct archive *a, struct archive_entry *entry)
{
    Extent extent = { .length = (guint64)archive_entry_size (entry) };
    g_autofree char *path = plain_path (archive_entry_pathname (entry));
    gboolean found = FALSE, ok = !is_source (entry) || scan_file (scan, a, &extent, &found);

    if (scan->entries != NULL && path != NULL)
        add_entry (scan, entry, path, found ? scan->extents->len : G_MAXUINT);
    if (!found)
        return ok;
    extent.path = g_steal_pointer (&path);
    g_array_append_val (scan->extents, extent);
    return ok;
}

static void
walk (Scan *scan, struct archive *a)
{
    struct archive_entry *entry;

    if (archive_read_open (a, scan, NULL, read_chunk, NULL) != ARCHIVE_OK)
        return;
    for (;;) {
        int result = archive_read_next_header (a, &entry);

        if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
            return;
        if (!scan_entry (scan, a, entry))
            return;
    }
}

/* What libarchive left unread: end-of-archive blocks, or a rest that it does not understand. */
static gboolean
hash_rest (Scan *scan)
{
    const void *bytes;
    struct archive *a = archive_read_new ();
    la_ssize_t n;

    while ((n = read_chunk (a, scan, &bytes)) > 0)
        continue;
    archive_read_free (a);
    return n == 0;
}

/* The end of a tar is zeros, a literal. A long rest that is something else becomes content, which
 * compresses with the other contents and is shared where it is the same. */
static gboolean
add_rest (Scan *scan, GArray *extents, GError **error)
{
    Extent rest = { .offset = 0 };
    g_autofree guint8 *bytes = NULL;

    if (extents->len > 0) {
        const Extent *last = &g_array_index (extents, Extent, extents->len - 1);
        rest.offset = last->offset + last->length;
    }
    rest.length = scan->layer->bytes - rest.offset;
    if (rest.length <= SCAN_CHUNK)
        return TRUE;
    for (guint64 at = 0; at < rest.length; at += SCAN_CHUNK) {
        gsize n = (gsize)MIN (SCAN_CHUNK, rest.length - at);

        if (!file_pread_all (scan->layer->fd, "layer", scan->chunk, n,
                             scan->layer->offset + rest.offset + at, error))
            return FALSE;
        digest_stream_add (scan->file, scan->chunk, n);
    }
    digest_stream_finish (scan->file, &rest.digest);
    g_array_append_val (extents, rest);
    return TRUE;
}

static gboolean
check_diffid (Scan *scan, GError **error)
{
    Digest found;
    g_autofree char *expected = digest_to_text (&scan->layer->diffid);
    g_autofree char *text = NULL;

    if (scan->layer->proven)
        return TRUE;
    digest_stream_finish (scan->whole, &found);
    if (digest_equal (&found, &scan->layer->diffid))
        return TRUE;
    text = digest_to_text (&found);
    return fail (error, ERR_FORMAT, "layer is %s, but the image config says %s", text, expected);
}

/* Engines unpack what looks packed, and only then see that the diffID does not fit: a layer that
 * was packed twice would be a bomb there. */
static gboolean
check_plain (const LayerTar *layer, GError **error)
{
    static const struct {
        const char *format, *magic;
    } packed[] = { { "gzip", "\x1f\x8b" },
                   { "zstd", "\x28\xb5\x2f\xfd" },
                   { "xz", "\xfd"
                           "7zXZ" },
                   { "bzip2", "BZh91AY&SY" } };
    char begin[16] = "";
    gsize length = (gsize)MIN (layer->bytes, sizeof begin - 1);

    if (!file_pread_all (layer->fd, "layer", begin, length, layer->offset, error))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS (packed); i++)
        if (g_str_has_prefix (begin, packed[i].magic))
            return fail (error, ERR_FORMAT,
                         "layer is packed with %s once more than its config says: an engine would "
                         "unpack it and refuse it; make the image again",
                         packed[i].format);
    return TRUE;
}

static void
clear_extent (gpointer data)
{
    g_free (((Extent *)data)->path);
}

static void
clear_entry (gpointer data)
{
    g_free (((ScanEntry *)data)->path);
}

GArray *
scan_entries_new (void)
{
    GArray *entries = g_array_new (FALSE, FALSE, sizeof (ScanEntry));

    g_array_set_clear_func (entries, clear_entry);
    return entries;
}

GArray *
scan_layer (const LayerTar *layer, GArray *entries, Progress *progress, GError **error)
{
    g_autofree Scan *scan = g_new0 (Scan, 1);
    g_autoptr (DigestStream) whole = digest_stream_new ();
    g_autoptr (DigestStream) file = digest_stream_new ();
    g_autoptr (Sketch) sketch = sketch_new ();
    g_autoptr (GArray) extents = g_array_new (FALSE, FALSE, sizeof (Extent));
    struct archive *a = archive_read_new ();

    scan->layer = layer;
    scan->progress = progress;
    scan->whole = whole;
    scan->file = file;
    scan->sketch = sketch;
    scan->extents = extents;
    scan->entries = entries;
    g_array_set_clear_func (extents, clear_extent);
    archive_read_support_filter_none (a);
    archive_read_support_format_tar (a);
    walk (scan, a);
    archive_read_free (a);
    if (!hash_rest (scan)) {
        g_propagate_error (error, scan->error);
        return NULL;
    }
    if (!check_diffid (scan, error) || !check_plain (layer, error) ||
        !add_rest (scan, extents, error))
        return NULL;
    return g_steal_pointer (&extents);
}
