/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/recipe.h"

#include "bundle/format.h"
#include "manifest/error.h"

#include <string.h>

static void
clear_file (gpointer data)
{
    g_clear_pointer (&((RecipeFile *)data)->base.path, g_free);
}

RecipeTable *
recipe_table_new (void)
{
    RecipeTable *table = g_new0 (RecipeTable, 1);

    table->files = g_array_new (FALSE, TRUE, sizeof (RecipeFile));
    g_array_set_clear_func (table->files, clear_file);
    return table;
}

void
recipe_table_free (RecipeTable *table)
{
    if (table == NULL)
        return;
    g_array_unref (table->files);
    g_free (table);
}

void
recipe_free (Recipe *recipe)
{
    if (recipe == NULL)
        return;
    g_array_unref (recipe->ops);
    g_free (recipe);
}

void
recipe_put_number (GByteArray *to, guint64 number)
{
    do {
        guint8 byte = (number & 127) | (number > 127 ? 128 : 0);

        g_byte_array_append (to, &byte, 1);
        number >>= 7;
    } while (number > 0);
}

gboolean
recipe_get_number (const guint8 **at, const guint8 *end, guint64 *number, GError **error)
{
    guint64 value = 0;

    for (guint shift = 0; *at < end && shift < 64; shift += 7) {
        guint8 byte = *(*at)++;

        if (shift == 63 && byte > 1)
            break;
        if (shift > 0 && byte == 0)
            break;
        value |= (guint64)(byte & 127) << shift;
        if (byte < 128) {
            *number = value;
            return TRUE;
        }
    }
    return fail (error, ERR_FORMAT,
                 "recipe has a number that is cut, too long or not in its "
                 "shortest form");
}

guint64
recipe_zigzag (gint64 number)
{
    return ((guint64)number << 1) ^ (number < 0 ? G_MAXUINT64 : 0);
}

gint64
recipe_unzigzag (guint64 number)
{
    return (gint64)(number >> 1) ^ -(gint64)(number & 1);
}

typedef struct {
    const guint8 *at, *end;
    guint64 layer_bytes;
    RecipeTable *table;
} Parser;

static gboolean
get (Parser *parser, guint64 most, const char *what, guint64 *number, GError **error)
{
    if (!recipe_get_number (&parser->at, parser->end, number, error))
        return FALSE;
    if (*number > most)
        return fail (error, ERR_FORMAT,
                     "recipe says %s is %" G_GUINT64_FORMAT ", at most %" G_GUINT64_FORMAT
                     " is possible",
                     what, *number, most);
    return TRUE;
}

static gboolean
parse_patch (Parser *parser, RecipeFile *file, GError **error)
{
    RecipeTable *table = parser->table;

    if (table->files->len == 0)
        return fail (error, ERR_FORMAT, "recipe begins with a patch, which has nothing to be on");
    if (!get (parser, table->files->len - 1, "the source of a patch", &file->source, error) ||
        !get (parser, G_MAXUINT32, "a patch's control length", &file->control, error) ||
        !get (parser, file->length, "a patch's difference length", &file->difference, error) ||
        !get (parser, file->length, "a patch's extra length", &file->extra, error))
        return FALSE;
    if (file->difference + file->extra != file->length)
        return fail (error, ERR_FORMAT, "recipe has a patch whose parts do not add up to its file");
    if (g_array_index (table->files, RecipeFile, file->source).kind == RECIPE_PATCH)
        return fail (error, ERR_FORMAT, "recipe has a patch on a patch");
    file->control_at = table->control;
    file->difference_at = table->difference;
    file->extra_at = table->extra;
    table->control += file->control;
    table->difference += file->difference;
    table->extra += file->extra;
    return TRUE;
}

/* Path bytes come from an image: not text, but never a way out of its layer. */
static gboolean
check_base_path (const char *path, gsize length, GError **error)
{
    g_auto (GStrv) parts = NULL;

    if (strlen (path) != length)
        return fail (error, ERR_FORMAT, "recipe has a base path with a NUL byte");
    parts = g_strsplit (path, "/", -1);
    for (char **part = parts; *part != NULL; part++)
        if (**part == '\0' || strcmp (*part, ".") == 0 || strcmp (*part, "..") == 0) {
            g_autofree char *shown = error_quote (path);

            return fail (error, ERR_FORMAT,
                         "recipe has a base path '%s' that is not plain and "
                         "relative",
                         shown);
        }
    return TRUE;
}

static gboolean
parse_base (Parser *parser, RecipeFile *file, GError **error)
{
    guint64 length, checksum;

    if (!get (parser, LIMIT_IMAGES - 1, "a base image", &file->base.image, error) ||
        !get (parser, LIMIT_LAYERS - 1, "a base layer", &file->base.layer, error) ||
        !get (parser, G_MAXUINT32, "a checksum", &checksum, error) ||
        !get (parser, LIMIT_PATH_BYTES, "a path's length", &length, error))
        return FALSE;
    if (length == 0 || length > (guint64)(parser->end - parser->at))
        return fail (error, ERR_FORMAT, "recipe has a base path that is empty or cut");
    file->base.checksum = (guint32)checksum;
    file->base.length = file->length;
    file->base.path = g_strndup ((const char *)parser->at, length);
    parser->at += length;
    return check_base_path (file->base.path, length, error);
}

static gboolean
parse_file (Parser *parser, GError **error)
{
    RecipeTable *table = parser->table;
    RecipeFile file = { .kind = RECIPE_CONTENT };
    guint64 kind;
    gboolean ok = FALSE;

    if (!get (parser, RECIPE_BASE, "a file's kind", &kind, error) ||
        !get (parser, parser->layer_bytes, "a file's length", &file.length, error))
        return FALSE;
    if (file.length == 0)
        return fail (error, ERR_FORMAT, "recipe has a file of no length");
    file.kind = (RecipeFileKind)kind;
    switch (file.kind) {
    case RECIPE_CONTENT:
        file.data_at = table->data;
        table->data += file.length;
        ok = TRUE;
        break;
    case RECIPE_PATCH:
        ok = parse_patch (parser, &file, error);
        break;
    case RECIPE_BASE:
        ok = parse_base (parser, &file, error);
        break;
    }
    if (!ok) {
        g_free (file.base.path);
        return FALSE;
    }
    g_array_append_val (table->files, file);
    return TRUE;
}

static gboolean
parse_ops (Parser *parser, Recipe *recipe, GError **error)
{
    RecipeTable *table = parser->table;
    guint64 left = parser->layer_bytes, expected = recipe->first_file, n_ops;

    /* An operation takes two bytes at least. */
    if (!get (parser, MIN ((guint64)(parser->end - parser->at) / 2, LIMIT_RECIPE_OPS),
              "the count of operations", &n_ops, error))
        return FALSE;
    for (guint64 i = 0; i < n_ops; i++) {
        RecipeOp op;
        guint64 step;

        if (!get (parser, left, "a literal's length", &op.literal, error) ||
            !recipe_get_number (&parser->at, parser->end, &step, error))
            return FALSE;
        left -= op.literal;
        op.file = expected + (guint64)recipe_unzigzag (step);
        if (op.file >= table->files->len)
            return fail (error, ERR_FORMAT, "recipe uses file %" G_GUINT64_FORMAT ", there are %u",
                         op.file, table->files->len);
        if (g_array_index (table->files, RecipeFile, op.file).length > left)
            return fail (error, ERR_FORMAT,
                         "recipe makes more than the layer's %" G_GUINT64_FORMAT " bytes",
                         parser->layer_bytes);
        left -= g_array_index (table->files, RecipeFile, op.file).length;
        expected = MAX (expected, op.file + 1);
        table->literals += op.literal;
        g_array_append_val (recipe->ops, op);
    }
    recipe->rest = left;
    table->literals += left;
    if (parser->at != parser->end)
        return fail (error, ERR_FORMAT, "recipe has bytes behind its end");
    return TRUE;
}

Recipe *
recipe_parse (GBytes *bytes, guint64 layer_bytes, RecipeTable *table, GError **error)
{
    gsize length;
    const guint8 *from = g_bytes_get_data (bytes, &length);
    Parser parser = { from, length > 0 ? from + length : from, layer_bytes, table };
    g_autoptr (Recipe) recipe = g_new0 (Recipe, 1);
    guint64 version;

    recipe->ops = g_array_new (FALSE, FALSE, sizeof (RecipeOp));
    recipe->literals_at = table->literals;
    recipe->first_file = table->files->len;
    if (!recipe_get_number (&parser.at, parser.end, &version, error))
        return NULL;
    if (version != RECIPE_VERSION)
        return fail_null (error, ERR_FORMAT,
                          "recipe has version %" G_GUINT64_FORMAT ", this handcarry knows %d",
                          version, RECIPE_VERSION);
    /* A file takes two bytes at least. */
    if (!get (&parser,
              MIN ((guint64)(parser.end - parser.at) / 2, LIMIT_RECIPE_FILES - table->files->len),
              "the count of files", &recipe->n_files, error))
        return NULL;
    for (guint64 i = 0; i < recipe->n_files; i++)
        if (!parse_file (&parser, error))
            return NULL;
    if (!parse_ops (&parser, recipe, error))
        return NULL;
    return g_steal_pointer (&recipe);
}
