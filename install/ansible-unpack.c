/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/ansible-unpack.h"

#include "install/place-tree.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct archive Archive;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Archive, archive_read_free)

#define READ_BYTES (256 * 1024)
#define ENTRY_BYTES 512           /* what each takes in a layer at least */
#define SLACK_BYTES (1024 * 1024) /* folders that no layer names */
#define DEPTH_MAX 100 /* place_walk(), which hashes and removes it, goes little deeper */

typedef struct {
    EngineStream *stream;
    GError *error; /* of the stream, below libarchive */
    EngineStopFunc stop;
    gpointer stop_data;
    int dirfd;
    guint64 left; /* bytes that may still come */
    guint8 *buffer;
} Unpack;

static la_ssize_t
on_read (struct archive *archive, void *data, const void **bytes)
{
    Unpack *unpack = data;
    const guint8 *next = NULL;
    gssize n = engine_stream_read (unpack->stream, &next, &unpack->error);

    *bytes = next;
    if (n < 0)
        archive_set_error (archive, 1, "the stream broke off");
    return n;
}

static gboolean
stop (gpointer data)
{
    const Unpack *unpack = data;

    return unpack->stop != NULL && unpack->stop (unpack->stop_data);
}

/* What the engine puts into every container, and what the kernel keeps. */
static gboolean
is_foreign (const char *path)
{
    static const char *const files[] = { "etc/hosts", "etc/hostname", "etc/resolv.conf",
                                         "etc/mtab",  ".dockerenv",   "run/.containerenv",
                                         "dev",       "proc",         "sys" };

    for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
        if (strcmp (files[i], path) == 0)
            return TRUE;
    return g_str_has_prefix (path, "dev/") || g_str_has_prefix (path, "proc/") ||
           g_str_has_prefix (path, "sys/");
}

/* "./usr/bin/" is "usr/bin", and "./" is "". NULL: it says no path below a folder. */
static char *
clean_path (const char *given)
{
    g_auto (GStrv) parts = NULL;
    g_autoptr (GString) path = g_string_new (NULL);

    if (given == NULL || strlen (given) >= PATH_MAX)
        return NULL;
    parts = g_strsplit (given, "/", -1);
    for (char **part = parts; *part != NULL; part++) {
        if (strcmp (*part, "..") == 0 || part - parts > DEPTH_MAX)
            return NULL;
        if (**part == '\0' || strcmp (*part, ".") == 0)
            continue;
        g_string_append_printf (path, "%s%s", path->len > 0 ? "/" : "", *part);
    }
    return g_string_free (g_steal_pointer (&path), FALSE);
}

/* The folder that path lies in, made where it is not there; *name is its last component. No link
 * is followed. */
static int
open_parent (int dirfd, const char *path, const char **name, GError **error)
{
    g_auto (GStrv) parts = g_strsplit (path, "/", -1);
    const char *slash = strrchr (path, '/');
    autofd int at = openat (dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    *name = slash != NULL ? slash + 1 : path;
    for (char **part = parts; at >= 0 && part[1] != NULL; part++) {
        autofd int next = -1;

        if (mkdirat (at, *part, 0755) < 0 && errno != EEXIST)
            break;
        next = openat (at, *part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (next < 0)
            break;
        file_clear_fd (&at);
        at = file_steal_fd (&next);
        if (part[2] == NULL)
            return file_steal_fd (&at);
    }
    if (at >= 0 && slash == NULL)
        return file_steal_fd (&at);
    fail_errno (error, ERR_FAILED, errno, "cannot open the folder that it lies in");
    return -1;
}

static gboolean
write_content (Unpack *unpack, Archive *archive, int fd, guint64 length, GError **error)
{
    if (length > unpack->left)
        return fail (error, ERR_ENGINE, "it has more bytes than the layers of its image");
    unpack->left -= length;
    while (length > 0) {
        la_ssize_t n = archive_read_data (archive, unpack->buffer, MIN (length, READ_BYTES));

        if (n <= 0)
            return fail (error, ERR_ENGINE, "the export ends in the middle of it");
        if (!file_write_all (fd, "the file", unpack->buffer, (gsize)n, error))
            return FALSE;
        length -= (guint64)n;
    }
    return TRUE;
}

static gboolean
put_file (Unpack *unpack, Archive *archive, struct archive_entry *entry, int folder,
          const char *name, GError **error)
{
    mode_t mode = archive_entry_perm (entry) & 0111 ? 0755 : 0644;
    struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { 0 } };
    autofd int fd =
        openat (folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot create it");
    if (!write_content (unpack, archive, fd, (guint64)archive_entry_size (entry), error))
        return FALSE;
    /* Python takes a compiled file for one of its source by the source's time. */
    times[1].tv_sec = archive_entry_mtime (entry);
    return (fchmod (fd, mode) == 0 && futimens (fd, times) == 0) ||
           fail_errno (error, ERR_FAILED, errno, "cannot set its mode and time");
}

char *
ansible_unpack_link (const char *path, const char *target)
{
    g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (g_free);
    g_autoptr (GString) text = g_string_new (NULL);
    g_auto (GStrv) words = g_strsplit (target, "/", -1);
    g_auto (GStrv) above = g_strsplit (path, "/", -1);
    guint depth = g_strv_length (above) - 1;

    if (*target == '\0')
        return NULL;
    for (guint i = 0; *target != '/' && i < depth; i++)
        g_ptr_array_add (parts, g_strdup (above[i]));
    for (char **word = words; *word != NULL; word++) {
        if (strcmp (*word, "..") == 0 && parts->len > 0)
            g_ptr_array_set_size (parts, (gint)parts->len - 1);
        else if (**word != '\0' && strcmp (*word, ".") != 0 && strcmp (*word, "..") != 0)
            g_ptr_array_add (parts, g_strdup (*word));
    }
    for (guint i = 0; i < depth; i++)
        g_string_append (text, "../");
    for (guint i = 0; i < parts->len; i++)
        g_string_append_printf (text, "%s%s", i > 0 ? "/" : "", (char *)parts->pdata[i]);
    if (text->len == 0)
        g_string_append_c (text, '.');
    return g_string_free (g_steal_pointer (&text), FALSE);
}

static gboolean
put_symlink (const char *path, const char *target, int folder, const char *name, GError **error)
{
    g_autofree char *inside = ansible_unpack_link (path, target != NULL ? target : "");

    if (inside == NULL)
        return fail (error, ERR_ENGINE, "it is a link to nothing");
    return symlinkat (inside, folder, name) == 0 ||
           fail_errno (error, ERR_FAILED, errno, "cannot make it");
}

/* Another name of a symlink says the same from where it lies. */
static gboolean
put_symlink_again (int from, const char *last, const char *path, int folder, const char *name,
                   GError **error)
{
    char text[PATH_MAX] = { 0 };
    const char *at = text;
    g_autofree char *target = NULL;

    if (readlinkat (from, last, text, sizeof text - 1) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot read the link");
    while (g_str_has_prefix (at, "../"))
        at += 3;
    target = g_strconcat ("/", at, NULL);
    return put_symlink (path, target, folder, name, error);
}

static gboolean
put_hard_link (Unpack *unpack, const char *target, const char *own, int folder, const char *name,
               GError **error)
{
    struct stat st;
    g_autofree char *path = clean_path (target);
    const char *last;
    autofd int from = -1;

    if (path == NULL || *path == '\0')
        return fail (error, ERR_ENGINE, "it is a link to no file of the image");
    from = open_parent (unpack->dirfd, path, &last, error);
    if (from >= 0 && fstatat (from, last, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK (st.st_mode))
        return put_symlink_again (from, last, own, folder, name, error);
    return from >= 0 && (linkat (from, last, folder, name, 0) == 0 ||
                         fail_errno (error, ERR_FAILED, errno, "cannot make a link to '%s'", path));
}

static gboolean
put_folder (int folder, const char *name, GError **error)
{
    return mkdirat (folder, name, 0755) == 0 || errno == EEXIST ||
           fail_errno (error, ERR_FAILED, errno, "cannot make it");
}

static gboolean
put (Unpack *unpack, Archive *archive, struct archive_entry *entry, const char *path,
     GError **error)
{
    const char *link = archive_entry_hardlink (entry), *name;
    autofd int folder = open_parent (unpack->dirfd, path, &name, error);

    if (folder < 0)
        return FALSE;
    if (link != NULL)
        return put_hard_link (unpack, link, path, folder, name, error);
    switch (archive_entry_filetype (entry)) {
    case AE_IFREG:
        return put_file (unpack, archive, entry, folder, name, error);
    case AE_IFLNK:
        return put_symlink (path, archive_entry_symlink (entry), folder, name, error);
    case AE_IFDIR:
        return put_folder (folder, name, error);
    default:
        return TRUE; /* devices, pipes and sockets are not for programs of another root */
    }
}

static gboolean
take_entry (Unpack *unpack, Archive *archive, struct archive_entry *entry, GError **error)
{
    g_autofree char *path = clean_path (archive_entry_pathname (entry));
    g_autofree char *shown = NULL;

    if (path == NULL)
        return fail (error, ERR_ENGINE, "an entry's path leads out of the image, or too deep");
    if (*path == '\0' || is_foreign (path))
        return TRUE;
    if (unpack->left < ENTRY_BYTES)
        return fail (error, ERR_ENGINE, "it has more entries than the layers of its image");
    unpack->left -= ENTRY_BYTES;
    shown = error_quote (path);
    return put (unpack, archive, entry, path, error) || fail_prefix (error, "'%s'", shown);
}

/* No filters: libarchive would run programs for some of them. */
static gboolean
read_tar (Unpack *unpack, GError **error)
{
    g_autoptr (Archive) archive = archive_read_new ();
    struct archive_entry *entry;
    int status;

    archive_read_support_filter_none (archive);
    archive_read_support_format_tar (archive);
    if (archive_read_open (archive, unpack, NULL, on_read, NULL) != ARCHIVE_OK)
        return fail (error, ERR_ENGINE, "the export is no tar: %s", archive_error_string (archive));
    while ((status = archive_read_next_header (archive, &entry)) != ARCHIVE_EOF) {
        if (status < ARCHIVE_WARN)
            return fail (error, ERR_ENGINE, "the export is no tar, or damaged: %s",
                         archive_error_string (archive));
        if (!take_entry (unpack, archive, entry, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
read_export (EngineStream *stream, gpointer data, GError **error)
{
    Unpack *unpack = data;
    g_autoptr (GError) local = NULL;

    unpack->stream = stream;
    if (read_tar (unpack, &local))
        return TRUE;
    if (unpack->error != NULL)
        g_propagate_error (error, g_steal_pointer (&unpack->error));
    else
        g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
}

gboolean
ansible_unpack (Engine *engine, const char *image, int dirfd, guint64 limit,
                EngineStopFunc stop_func, gpointer stop_data, gboolean *there, GError **error)
{
    g_autofree guint8 *buffer = g_malloc (READ_BYTES);
    Unpack unpack = { .stop = stop_func,
                      .stop_data = stop_data,
                      .dirfd = dirfd,
                      .left = limit + SLACK_BYTES,
                      .buffer = buffer };
    gboolean done = engine_export (engine, image, read_export, stop, &unpack, there, error);

    g_clear_error (&unpack.error);
    return done;
}

static gboolean
hash_link (PlaceHash *hash, int dirfd, const char *name, const char *path, GError **error)
{
    g_autoptr (GString) text = g_string_new ("-> ");
    char target[PATH_MAX];
    ssize_t n = readlinkat (dirfd, name, target, sizeof target);
    Digest digest;

    if (n < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot read '%s'", path);
    g_string_append_len (text, target, n);
    digest = digest_of (text->str, text->len);
    place_listing_add (hash->listing, path, TRUE, &digest);
    return TRUE;
}

static gboolean
hash_file (int dirfd, const char *name, const char *path, const struct stat *st, gpointer data,
           GError **error)
{
    PlaceHash *hash = data;
    autofd int fd = -1;

    if (S_ISLNK (st->st_mode))
        return hash_link (hash, dirfd, name, path, error);
    fd = openat (dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || !S_ISREG (st->st_mode))
        return fail (error, ERR_FAILED, "'%s' is no plain file", path);
    return place_hash_add (hash, fd, st, path, error);
}

gboolean
ansible_unpack_hash (int dirfd, Digest *digest, guint64 *bytes, GError **error)
{
    static const PlaceWalk calls = { .file = hash_file };

    return place_hash_walk (dirfd, &calls, digest, bytes, error);
}
