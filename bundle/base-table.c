/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/base-table.h"

#include "bundle/format.h"
#include "bundle/recipe.h"
#include "manifest/error.h"
#include "manifest/limits.h"

#include <string.h>

#define CHECKSUM_BYTES 4

typedef struct {
    const guint8 *at, *end;
    GArray *files;
    guint first; /* of files: where the rows of this table begin */
} Parser;

static void
clear_file (gpointer data)
{
    g_clear_pointer (&((BaseFile *)data)->path, g_free);
}

GArray *
base_table_new (void)
{
    GArray *files = g_array_new (FALSE, TRUE, sizeof (BaseFile));

    g_array_set_clear_func (files, clear_file);
    return files;
}

static gboolean
get (Parser *parser, guint64 most, const char *what, guint64 *number, GError **error)
{
    if (!recipe_get_number (&parser->at, parser->end, number, error))
        return fail_prefix (error, "list of base files");
    if (*number > most)
        return fail (error, ERR_FORMAT,
                     "list of base files says %s is %" G_GUINT64_FORMAT
                     ", at most %" G_GUINT64_FORMAT " is possible",
                     what, *number, most);
    return TRUE;
}

static BaseFile *
row (const Parser *parser, guint i)
{
    return &g_array_index (parser->files, BaseFile, parser->first + i);
}

static gboolean
parse_numbers (Parser *parser, guint n, GError **error)
{
    for (guint i = 0; i < n; i++) {
        if (!get (parser, G_MAXINT64, "a length", &row (parser, i)->length, error))
            return FALSE;
        if (row (parser, i)->length == 0)
            return fail (error, ERR_FORMAT, "list of base files has a file of no length");
    }
    for (guint i = 0; i < n; i++)
        if (!get (parser, LIMIT_IMAGES - 1, "a base image", &row (parser, i)->image, error))
            return FALSE;
    for (guint i = 0; i < n; i++)
        if (!get (parser, LIMIT_LAYERS - 1, "a base layer", &row (parser, i)->layer, error))
            return FALSE;
    return TRUE;
}

static gboolean
parse_checksums (Parser *parser, guint n, GError **error)
{
    if ((gsize)(parser->end - parser->at) / CHECKSUM_BYTES < n)
        return fail (error, ERR_FORMAT, "list of base files is cut in its checksums");
    for (guint i = 0; i < n; i++, parser->at += CHECKSUM_BYTES) {
        guint32 sum;

        memcpy (&sum, parser->at, sizeof sum);
        row (parser, i)->checksum = GUINT32_FROM_LE (sum);
    }
    return TRUE;
}

/* Path bytes come from an image: not text, but never a way out of its layer. */
static gboolean
check_path (const char *path, gsize length, GError **error)
{
    g_auto (GStrv) parts = NULL;

    if (length == 0 || strlen (path) != length)
        return fail (error, ERR_FORMAT,
                     "list of base files has a path that is empty or has a NUL byte");
    parts = g_strsplit (path, "/", -1);
    for (char **part = parts; *part != NULL; part++)
        if (**part == '\0' || strcmp (*part, ".") == 0 || strcmp (*part, "..") == 0) {
            g_autofree char *shown = error_quote (path);

            return fail (error, ERR_FORMAT,
                         "list of base files has a path '%s' that is not plain and relative",
                         shown);
        }
    return TRUE;
}

static gboolean
parse_paths (Parser *parser, guint n, GError **error)
{
    const char *before = "";
    gsize before_length = 0;

    for (guint i = 0; i < n; i++) {
        guint64 shared, rest;
        char *path;

        if (!get (parser, before_length, "what a path shares with the one before", &shared,
                  error) ||
            !get (parser, LIMIT_PATH_BYTES - shared, "the rest of a path", &rest, error))
            return FALSE;
        if (rest > (guint64)(parser->end - parser->at))
            return fail (error, ERR_FORMAT, "list of base files is cut in a path");
        row (parser, i)->path = path = g_malloc (shared + rest + 1);
        memcpy (path, before, shared);
        memcpy (path + shared, parser->at, rest);
        path[shared + rest] = '\0';
        parser->at += rest;
        if (!check_path (path, shared + rest, error))
            return FALSE;
        before = path;
        before_length = shared + rest;
    }
    return TRUE;
}

gboolean
base_table_parse (GBytes *bytes, GArray *files, GError **error)
{
    gsize length;
    const guint8 *from = g_bytes_get_data (bytes, &length);
    Parser parser = { from, length > 0 ? from + length : from, files, files->len };
    guint64 version, n;

    if (!get (&parser, G_MAXUINT64, "its version", &version, error))
        return FALSE;
    if (version != BASE_TABLE_VERSION)
        return fail (error, ERR_FORMAT,
                     "list of base files has version %" G_GUINT64_FORMAT
                     ", this handcarry knows %d",
                     version, BASE_TABLE_VERSION);
    /* A row takes nine bytes at least. */
    if (!get (&parser, MIN ((guint64)(parser.end - parser.at) / 9, LIMIT_RECIPE_FILES),
              "the count of files", &n, error))
        return FALSE;
    g_array_set_size (files, files->len + (guint)n);
    if (!parse_numbers (&parser, (guint)n, error) || !parse_checksums (&parser, (guint)n, error) ||
        !parse_paths (&parser, (guint)n, error))
        return FALSE;
    return parser.at == parser.end ||
           fail (error, ERR_FORMAT, "list of base files has bytes behind its end");
}

static gsize
shared_bytes (const char *a, const char *b)
{
    gsize n = 0;

    while (a[n] != '\0' && a[n] == b[n])
        n++;
    return n;
}

GBytes *
base_table_write (const GArray *files)
{
    GByteArray *out = g_byte_array_new ();
    const BaseFile *rows = (const BaseFile *)(gconstpointer)files->data;
    const char *before = "";

    recipe_put_number (out, BASE_TABLE_VERSION);
    recipe_put_number (out, files->len);
    for (guint i = 0; i < files->len; i++)
        recipe_put_number (out, rows[i].length);
    for (guint i = 0; i < files->len; i++)
        recipe_put_number (out, rows[i].image);
    for (guint i = 0; i < files->len; i++)
        recipe_put_number (out, rows[i].layer);
    for (guint i = 0; i < files->len; i++) {
        guint32 sum = GUINT32_TO_LE (rows[i].checksum);

        g_byte_array_append (out, (const guint8 *)&sum, sizeof sum);
    }
    for (guint i = 0; i < files->len; i++) {
        gsize shared = shared_bytes (rows[i].path, before), rest = strlen (rows[i].path) - shared;

        recipe_put_number (out, shared);
        recipe_put_number (out, rest);
        g_byte_array_append (out, (const guint8 *)rows[i].path + shared, (guint)rest);
        before = rows[i].path;
    }
    return g_byte_array_free_to_bytes (out);
}
