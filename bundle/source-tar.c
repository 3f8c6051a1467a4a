/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/source-tar.h"

#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 512
#define READ_BYTES (64 * 1024)
#define MEMBERS_MAX 65536

typedef struct {
    char *link; /* member that this one links to, or NULL */
    guint64 offset, bytes;
    gboolean regular, twice;
} Member;

struct SourceTar {
    int fd;
    guint64 bytes;
    GHashTable *members; /* name -> Member */
};

typedef struct archive Archive;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Archive, archive_read_free)

static void
member_free (gpointer data)
{
    Member *member = data;

    g_free (member->link);
    g_free (member);
}

/* "./a//b/../c" becomes "a/c"; NULL for a name that leaves the archive. */
static char *
plain_name (const char *directory, const char *name)
{
    g_autofree char *joined = g_strconcat (directory, "/", name, NULL);
    g_auto (GStrv) parts = g_strsplit (joined, "/", -1);
    g_autoptr (GPtrArray) kept = g_ptr_array_new ();

    for (gsize i = 0; parts[i] != NULL; i++) {
        if (*parts[i] == '\0' || strcmp (parts[i], ".") == 0)
            continue;
        if (strcmp (parts[i], "..") != 0)
            g_ptr_array_add (kept, parts[i]);
        else if (kept->len == 0)
            return NULL;
        else
            g_ptr_array_set_size (kept, (int)kept->len - 1);
    }
    g_ptr_array_add (kept, NULL);
    return g_strjoinv ("/", (char **)kept->pdata);
}

static char *
link_target (const char *name, struct archive_entry *entry)
{
    g_autofree char *directory = g_path_get_dirname (name);

    if (archive_entry_hardlink (entry) != NULL)
        return plain_name ("", archive_entry_hardlink (entry));
    if (archive_entry_filetype (entry) == AE_IFLNK && archive_entry_symlink (entry) != NULL)
        return plain_name (directory, archive_entry_symlink (entry));
    return NULL;
}

/* libarchive says where the padded data end. That they begin right behind a header is proven by
 * the header's own checksum: an offset that is off by a block would otherwise show only as a layer
 * with a wrong diffID, which says nothing of the cause. */
static gboolean
check_header (int fd, const char *shown, guint64 offset, GError **error)
{
    guint8 header[BLOCK];
    char field[9] = { 0 };
    guint64 sum = 0;

    if (offset < BLOCK)
        return fail (error, ERR_FORMAT, "member '%s' begins before its header", shown);
    if (!file_pread_all (fd, shown, header, BLOCK, offset - BLOCK, error))
        return FALSE;
    memcpy (field, header + 148, 8);
    memset (header + 148, ' ', 8);
    for (gsize i = 0; i < BLOCK; i++)
        sum += header[i];
    if (g_ascii_strtoull (g_strchug (field), NULL, 8) != sum)
        return fail (error, ERR_FORMAT, "member '%s' has no header before its bytes", shown);
    return TRUE;
}

static gboolean
locate (SourceTar *tar, Archive *archive, struct archive_entry *entry, Member *member,
        const char *shown, GError **error)
{
    guint64 size = (guint64)archive_entry_size (entry), padded, end;

    if (archive_entry_size (entry) < 0 || archive_entry_sparse_count (entry) > 0)
        return fail (error, ERR_FORMAT, "member '%s' is sparse", shown);
    if (archive_read_data_skip (archive) < ARCHIVE_WARN)
        return fail (error, ERR_FORMAT, "the archive is damaged in '%s': %s", shown,
                     archive_error_string (archive));
    padded = (size + BLOCK - 1) / BLOCK * BLOCK;
    end = (guint64)archive_filter_bytes (archive, 0);
    if (padded < size || end < padded || end - padded > tar->bytes ||
        size > tar->bytes - (end - padded))
        return fail (error, ERR_FORMAT, "the archive is truncated in '%s'", shown);
    member->offset = end - padded;
    member->bytes = size;
    member->regular = TRUE;
    return check_header (tar->fd, shown, member->offset, error);
}

static gboolean
add_member (SourceTar *tar, Archive *archive, struct archive_entry *entry, GError **error)
{
    const char *path = archive_entry_pathname (entry);
    g_autofree char *name = path == NULL ? NULL : plain_name ("", path);
    g_autofree char *shown = error_quote (path == NULL ? "" : path);
    Member *member, *earlier;

    if (name == NULL || g_hash_table_size (tar->members) >= MEMBERS_MAX)
        return fail (error, ERR_FORMAT,
                     "the archive has a member named '%s', or more than %d members", shown,
                     MEMBERS_MAX);
    earlier = g_hash_table_lookup (tar->members, name);
    if (earlier != NULL) {
        earlier->twice = TRUE;
        return TRUE;
    }
    member = g_new0 (Member, 1);
    member->link = link_target (name, entry);
    g_hash_table_insert (tar->members, g_steal_pointer (&name), member);
    if (member->link != NULL || archive_entry_filetype (entry) != AE_IFREG)
        return TRUE;
    return locate (tar, archive, entry, member, shown, error);
}

/* No filters: libarchive would run programs from PATH for some of them. */
static gboolean
scan (SourceTar *tar, const char *name, GError **error)
{
    g_autoptr (Archive) archive = archive_read_new ();
    struct archive_entry *entry;
    int status;

    archive_read_support_filter_none (archive);
    archive_read_support_format_tar (archive);
    if (lseek (tar->fd, 0, SEEK_SET) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot go to the start of '%s'", name);
    if (archive_read_open_fd (archive, tar->fd, READ_BYTES) != ARCHIVE_OK)
        return fail (error, ERR_FORMAT, "'%s' is no tar archive: %s", name,
                     archive_error_string (archive));
    while ((status = archive_read_next_header (archive, &entry)) != ARCHIVE_EOF) {
        if (status < ARCHIVE_WARN)
            return fail (error, ERR_FORMAT, "'%s' is no tar archive, or damaged: %s", name,
                         archive_error_string (archive));
        if (!add_member (tar, archive, entry, error))
            return fail_prefix (error, "'%s'", name);
    }
    return TRUE;
}

static gboolean
set_file (SourceTar *tar, const char *name, GError **error)
{
    struct stat st;

    if (fstat (tar->fd, &st) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot look at '%s'", name);
    tar->bytes = (guint64)st.st_size;
    return TRUE;
}

static gboolean
unpack_whole (SourceTar *tar, const char *name, const char *tmpdir, Progress *progress,
              GError **error)
{
    SourceRange range = { tar->fd, 0, tar->bytes };
    SourcePacking packing;
    SourceUnpacked unpacked;
    autofd int temporary = -1;

    if (!source_range_packing (&range, name, &packing, error))
        return FALSE;
    if (packing == PACKING_NONE)
        return TRUE;
    temporary = file_temporary (tmpdir, error);
    if (temporary < 0 ||
        !source_range_unpack (&range, packing, name, temporary, 0, progress, &unpacked, error))
        return FALSE;
    file_clear_fd (&tar->fd);
    tar->fd = file_steal_fd (&temporary);
    return set_file (tar, name, error);
}

SourceTar *
source_tar_open (int fd, const char *name, const char *tmpdir, Progress *progress, GError **error)
{
    g_autoptr (SourceTar) tar = g_new0 (SourceTar, 1);

    tar->fd = fd;
    tar->members = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, member_free);
    if (!set_file (tar, name, error) || !unpack_whole (tar, name, tmpdir, progress, error) ||
        !scan (tar, name, error))
        return NULL;
    return g_steal_pointer (&tar);
}

gboolean
source_tar_has (SourceTar *tar, const char *member)
{
    return g_hash_table_contains (tar->members, member);
}

gboolean
source_tar_find (SourceTar *tar, const char *name, SourceRange *range, GError **error)
{
    g_autofree char *plain = plain_name ("", name), *shown = error_quote (name);
    Member *member = plain == NULL ? NULL : g_hash_table_lookup (tar->members, plain);

    if (member != NULL && member->link != NULL && !member->twice)
        member = g_hash_table_lookup (tar->members, member->link);
    if (member == NULL)
        return fail (error, ERR_FORMAT, "the archive has no '%s'", shown);
    if (member->twice)
        return fail (error, ERR_FORMAT, "the archive has '%s' twice", shown);
    if (!member->regular)
        return fail (error, ERR_FORMAT, "'%s' in the archive is no regular file", shown);
    *range = (SourceRange){ tar->fd, member->offset, member->bytes };
    return TRUE;
}

GBytes *
source_tar_read (SourceTar *tar, const char *member, GError **error)
{
    g_autofree char *shown = error_quote (member);
    SourceRange range;

    if (!source_tar_find (tar, member, &range, error))
        return NULL;
    return source_range_read (&range, shown, LIMIT_JSON_BYTES, error);
}

int
source_tar_steal_fd (SourceTar *tar)
{
    return file_steal_fd (&tar->fd);
}

void
source_tar_free (SourceTar *tar)
{
    if (tar == NULL)
        return;
    file_clear_fd (&tar->fd);
    g_clear_pointer (&tar->members, g_hash_table_unref);
    g_free (tar);
}
