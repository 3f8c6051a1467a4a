/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/member.h"

#include "bundle/format.h"
#include "manifest/error.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define READ_CHUNK (64 * 1024)

typedef struct {
    GByteArray *bytes;
    gboolean done;
} Header;

/* Once the header is there, closing the archive would write the content that is still owed, as
 * zeros: that is refused. */
static la_ssize_t
collect (struct archive *a, void *data, const void *bytes, size_t length)
{
    Header *header = data;

    if (header->done)
        return -1;
    g_byte_array_append (header->bytes, bytes, (guint)length);
    return (la_ssize_t)length;
}

GBytes *
member_header (const char *name, guint64 size, gboolean executable)
{
    Header header = { g_byte_array_new (), FALSE };
    struct archive *a = archive_write_new ();
    struct archive_entry *entry = archive_entry_new ();

    archive_write_set_format_pax_restricted (a);
    archive_write_set_bytes_per_block (a, 0);
    archive_write_open (a, &header, NULL, collect, NULL);
    archive_entry_set_pathname_utf8 (entry, name);
    archive_entry_set_filetype (entry, AE_IFREG);
    archive_entry_set_perm (entry, executable ? 0755 : 0644);
    archive_entry_set_size (entry, (la_int64_t)size);
    archive_entry_set_mtime (entry, 0, 0);
    archive_write_header (a, entry);
    header.done = TRUE;
    archive_write_free (a);
    archive_entry_free (entry);
    return g_byte_array_free_to_bytes (header.bytes);
}

gsize
member_padding (guint64 size)
{
    return (gsize)((TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);
}

struct MemberReader {
    MemberRead read;
    gpointer data;
    GError *read_error;
    struct archive *archive;
    guint8 chunk[READ_CHUNK];
    char *name;
};

static la_ssize_t
read_chunk (struct archive *a, void *data, const void **bytes)
{
    MemberReader *reader = data;
    gssize n =
        reader->read (reader->chunk, sizeof reader->chunk, reader->data, &reader->read_error);

    *bytes = reader->chunk;
    if (n < 0)
        archive_set_error (a, EIO, "read failed");
    return n;
}

MemberReader *
member_reader_new (MemberRead read, gpointer data)
{
    MemberReader *reader = g_new0 (MemberReader, 1);

    reader->read = read;
    reader->data = data;
    reader->archive = archive_read_new ();
    archive_read_support_filter_none (reader->archive);
    archive_read_support_format_tar (reader->archive);
    /* A region may be empty. */
    archive_read_support_format_empty (reader->archive);
    return reader;
}

static gboolean
reader_fail (MemberReader *reader, GError **error)
{
    if (reader->read_error != NULL) {
        g_propagate_error (error, g_steal_pointer (&reader->read_error));
        return FALSE;
    }
    return fail (error, ERR_FORMAT, "tar members are damaged: %s",
                 archive_error_string (reader->archive));
}

static gboolean
check_entry (struct archive_entry *entry, GError **error)
{
    const char *name = archive_entry_pathname_utf8 (entry);
    mode_t perm = archive_entry_perm (entry);

    if (name == NULL || !g_utf8_validate (name, -1, NULL))
        return fail (error, ERR_FORMAT, "tar member has a name that is not UTF-8");
    if (archive_entry_filetype (entry) != AE_IFREG || archive_entry_hardlink (entry) != NULL ||
        (perm != 0644 && perm != 0755) || archive_entry_uid (entry) != 0 ||
        archive_entry_gid (entry) != 0 || archive_entry_mtime (entry) != 0) {
        g_autofree char *shown = error_quote (name);
        return fail (error, ERR_FORMAT,
                     "tar member '%s' is not a plain file as handcarry writes it", shown);
    }
    return TRUE;
}

gboolean
member_reader_next (MemberReader *reader, const char **name, guint64 *size, gboolean *executable,
                    GError **error)
{
    struct archive_entry *entry;
    int result = ARCHIVE_OK;

    if (reader->name == NULL)
        result = archive_read_open (reader->archive, reader, NULL, read_chunk, NULL);
    if (result == ARCHIVE_OK)
        result = archive_read_next_header (reader->archive, &entry);
    if (result == ARCHIVE_EOF) {
        *name = NULL;
        return TRUE;
    }
    if (result != ARCHIVE_OK)
        return reader_fail (reader, error);
    if (!check_entry (entry, error))
        return FALSE;
    g_free (reader->name);
    reader->name = g_strdup (archive_entry_pathname_utf8 (entry));
    *name = reader->name;
    *size = (guint64)archive_entry_size (entry);
    *executable = archive_entry_perm (entry) == 0755;
    return TRUE;
}

gssize
member_reader_read (MemberReader *reader, guint8 *buffer, gsize length, GError **error)
{
    la_ssize_t n = archive_read_data (reader->archive, buffer, length);

    if (n < 0) {
        reader_fail (reader, error);
        return -1;
    }
    return n;
}

void
member_reader_free (MemberReader *reader)
{
    if (reader == NULL)
        return;
    archive_read_free (reader->archive);
    g_clear_error (&reader->read_error);
    g_free (reader->name);
    g_free (reader);
}
