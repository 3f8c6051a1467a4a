/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/parts.h"

#include "bundle/format.h"
#include "manifest/digest.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUM_WINDOW (1024 * 1024)

typedef struct {
    int fd;
    char *name;
    guint64 begins, bytes;
} Part;

struct Parts {
    GArray *parts; /* Part */
    char *absent;  /* of a split bundle: the name after the last, which is not there */
    guint64 bytes;
};

static void
part_clear (gpointer data)
{
    Part *part = data;

    file_clear_fd (&part->fd);
    g_clear_pointer (&part->name, g_free);
}

void
parts_free (Parts *parts)
{
    if (parts == NULL)
        return;
    g_array_unref (parts->parts);
    g_free (parts->absent);
    g_free (parts);
}

static gboolean
add_part (Parts *parts, const char *name, GError **error)
{
    Part part = { .fd = file_open_given (name, error), .begins = parts->bytes };
    struct stat st;

    if (part.fd < 0)
        return FALSE;
    part.name = g_strdup (name);
    g_array_append_val (parts->parts, part);
    if (fstat (part.fd, &st) < 0)
        return fail (error, ERR_FAILED, "cannot read the size of '%s'", name);
    g_array_index (parts->parts, Part, parts->parts->len - 1).bytes = (guint64)st.st_size;
    parts->bytes += (guint64)st.st_size;
    return TRUE;
}

static gboolean
add_all (Parts *parts, const char *stem, GError **error)
{
    for (guint i = 1; i <= LIMIT_PARTS; i++) {
        g_autofree char *name = g_strdup_printf ("%s.%03u", stem, i);

        if (i > 1 && !g_file_test (name, G_FILE_TEST_EXISTS)) {
            parts->absent = g_steal_pointer (&name);
            return TRUE;
        }
        if (!add_part (parts, name, error))
            return FALSE;
    }
    return TRUE;
}

static Parts *
parts_new (void)
{
    Parts *parts = g_new0 (Parts, 1);

    parts->parts = g_array_new (FALSE, FALSE, sizeof (Part));
    g_array_set_clear_func (parts->parts, part_clear);
    return parts;
}

gboolean
parts_is_bundle_name (const char *name)
{
    return *name != '.' &&
           (g_str_has_suffix (name, ".tar.zst") || g_str_has_suffix (name, ".tar.zst.001"));
}

GPtrArray *
parts_list_folder (const char *path, GError **error)
{
    autofd int fd = file_open_dir_given (path, error);
    g_autoptr (GPtrArray) names = fd >= 0 ? file_list (fd, path, error) : NULL;
    GPtrArray *paths;

    if (names == NULL)
        return NULL;
    paths = g_ptr_array_new_with_free_func (g_free);
    for (guint i = 0; i < names->len; i++)
        if (parts_is_bundle_name (names->pdata[i]))
            g_ptr_array_add (paths, strcmp (path, ".") == 0
                                        ? g_strdup (names->pdata[i])
                                        : g_build_filename (path, names->pdata[i], NULL));
    return paths;
}

Parts *
parts_open_names (GPtrArray *names, GError **error)
{
    g_autoptr (Parts) parts = parts_new ();

    for (guint i = 0; i < names->len; i++)
        if (!add_part (parts, names->pdata[i], error))
            return NULL;
    return g_steal_pointer (&parts);
}

Parts *
parts_open (const char *path, GError **error)
{
    g_autoptr (Parts) parts = parts_new ();
    g_autofree char *first = g_strconcat (path, ".001", NULL);
    gboolean ok;

    if (g_str_has_suffix (path, ".001")) {
        g_autofree char *stem = g_strndup (path, strlen (path) - strlen (".001"));
        ok = add_all (parts, stem, error);
    } else if (!g_file_test (path, G_FILE_TEST_EXISTS) && g_file_test (first, G_FILE_TEST_EXISTS)) {
        ok = add_all (parts, path, error);
    } else {
        ok = add_part (parts, path, error);
    }
    return ok ? g_steal_pointer (&parts) : NULL;
}

guint64
parts_bytes (const Parts *parts)
{
    return parts->bytes;
}

guint
parts_count (const Parts *parts)
{
    return parts->parts->len;
}

static const Part *
part_at (const Parts *parts, guint64 offset)
{
    for (guint i = 0; i < parts->parts->len; i++) {
        const Part *part = &g_array_index (parts->parts, Part, i);

        if (offset < part->begins + part->bytes)
            return part;
    }
    return &g_array_index (parts->parts, Part, parts->parts->len - 1);
}

const char *
parts_name_at (const Parts *parts, guint64 offset)
{
    return part_at (parts, offset)->name;
}

/* All parts but the last two have one length; the one before the last may be shorter, for the end
 * of a bundle is kept together. So the first that is shorter than another is the one to look at. */
static const char *
shortest_name (const Parts *parts)
{
    const Part *all = (const Part *)(gpointer)parts->parts->data;
    guint n = parts->parts->len - 1;
    guint64 most = 0;

    for (guint i = 0; i < n; i++)
        most = MAX (most, all[i].bytes);
    for (guint i = 0; i < n; i++)
        if (all[i].bytes < most)
            return all[i].name;
    return all[n > 0 ? n - 1 : 0].name;
}

gboolean
parts_fail_prefix (const Parts *parts, gboolean is_short, GError **error)
{
    const char *last;
    guint64 begins;

    if (parts->absent == NULL)
        return FALSE;
    last = parts_last (parts, &begins);
    if (is_short)
        return fail_prefix (error, "parts up to '%s' are there, but '%s' seems to be short", last,
                            shortest_name (parts));
    return fail_prefix (error, "parts up to '%s' are there, but no '%s'", last, parts->absent);
}

const char *
parts_last (const Parts *parts, guint64 *begins)
{
    const Part *part = &g_array_index (parts->parts, Part, parts->parts->len - 1);

    *begins = part->begins;
    return part->name;
}

gboolean
parts_pread (const Parts *parts, void *buffer, gsize length, guint64 offset, GError **error)
{
    guint8 *to = buffer;

    if (offset > parts->bytes || length > parts->bytes - offset)
        return fail (error, ERR_FORMAT,
                     "'%s' ends at byte %" G_GUINT64_FORMAT ", but bytes up to %" G_GUINT64_FORMAT
                     " are needed: the file is cut short or a part is missing",
                     parts_name_at (parts, offset), parts->bytes, offset + length);
    while (length > 0) {
        const Part *part = part_at (parts, offset);
        guint64 inside = offset - part->begins;
        gsize n = (gsize)MIN (length, part->bytes - inside);

        if (!file_pread_all (part->fd, part->name, to, n, inside, error))
            return FALSE;
        to += n;
        offset += n;
        length -= n;
    }
    return TRUE;
}

GBytes *
parts_sums (const Parts *parts, GError **error)
{
    g_autoptr (GString) sums = g_string_new (NULL);
    g_autoptr (DigestStream) stream = digest_stream_new ();
    g_autofree guint8 *window = g_malloc (SUM_WINDOW);

    for (guint i = 0; i < parts->parts->len; i++) {
        const Part *part = &g_array_index (parts->parts, Part, i);
        g_autofree char *base = g_path_get_basename (part->name);
        g_autofree char *hex = NULL;
        Digest digest;

        for (guint64 at = 0; at < part->bytes; at += SUM_WINDOW) {
            gsize n = (gsize)MIN (SUM_WINDOW, part->bytes - at);

            if (!file_pread_all (part->fd, part->name, window, n, at, error))
                return NULL;
            digest_stream_add (stream, window, n);
        }
        digest_stream_finish (stream, &digest);
        hex = digest_to_hex (&digest);
        g_string_append_printf (sums, "%s  %s\n", hex, base);
    }
    return g_string_free_to_bytes (g_steal_pointer (&sums));
}

GArray *
parts_descriptors (const Parts *parts)
{
    GArray *fds = g_array_new (FALSE, FALSE, sizeof (int));

    for (guint i = 0; i < parts->parts->len; i++)
        g_array_append_val (fds, g_array_index (parts->parts, Part, i).fd);
    return fds;
}
