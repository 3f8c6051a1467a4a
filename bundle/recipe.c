/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/recipe.h"

#include "bundle/base-table.h"
#include "bundle/format.h"
#include "manifest/error.h"

#include <string.h>

RecipeTable *
recipe_table_new (void)
{
    RecipeTable *table = g_new0 (RecipeTable, 1);

    table->files = g_array_new (FALSE, TRUE, sizeof (RecipeFile));
    table->bases = base_table_new ();
    return table;
}

void
recipe_table_free (RecipeTable *table)
{
    if (table == NULL)
        return;
    g_array_unref (table->files);
    g_array_unref (table->bases);
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
parse_parts (Parser *parser, RecipeFile *file, GError **error)
{
    if (!get (parser, G_MAXUINT32, "a patch's control length", &file->control, error) ||
        !get (parser, G_MAXUINT32, "a patch's gaps length", &file->gaps, error) ||
        !get (parser, G_MAXUINT32, "a patch's runs length", &file->runs, error) ||
        !get (parser, file->inner, "a patch's values length", &file->values, error) ||
        !get (parser, file->inner, "a patch's extra length", &file->extra, error))
        return FALSE;
    return file->values + file->extra <= file->inner ||
           fail (error, ERR_FORMAT, "recipe has a patch whose parts are longer than its file");
}

static gboolean
parse_patch (Parser *parser, RecipeFile *file, GError **error)
{
    RecipeTable *table = parser->table;

    if (table->files->len == 0)
        return fail (error, ERR_FORMAT, "recipe begins with a patch, which has nothing to be on");
    if ((file->form & FORM_PACKED) != 0 &&
        !get (parser, LIMIT_FORM_BYTES, "the length of what is packed", &file->inner, error))
        return FALSE;
    if (!get (parser, table->files->len - 1, "the source of a patch", &file->source, error) ||
        !parse_parts (parser, file, error))
        return FALSE;
    if (g_array_index (table->files, RecipeFile, file->source).kind == RECIPE_PATCH)
        return fail (error, ERR_FORMAT, "recipe has a patch on a patch");
    file->control_at = table->control;
    file->values_at = table->difference;
    file->extra_at = table->extra;
    table->control += file->control + file->gaps + file->runs;
    table->difference += file->values;
    table->extra += file->extra;
    return TRUE;
}

/* The next row of the list of base files. */
static gboolean
take_base (Parser *parser, RecipeFile *file, GError **error)
{
    RecipeTable *table = parser->table;

    if (table->next_base == table->bases->len)
        return fail (error, ERR_FORMAT, "recipes draw on more than the %u base files of the list",
                     table->bases->len);
    file->kind = RECIPE_BASE;
    file->base = g_array_index (table->bases, BaseFile, table->next_base);
    file->length = file->base.length;
    table->next_base++;
    return TRUE;
}

/* What the stored kinds say beyond the three. */
static gboolean
parse_kind (Parser *parser, guint64 kind, RecipeFile *file, GError **error)
{
    guint64 form;

    switch (kind) {
    case RECIPE_FORMED_PATCH:
        file->kind = RECIPE_PATCH;
        if (!get (parser, FORM_UNPACKED | FORM_PACKED, "the form of a patch", &form, error))
            return FALSE;
        if (form != FORM_BITS && form != FORM_PACKED && form != (FORM_UNPACKED | FORM_PACKED))
            return fail (error, ERR_FORMAT, "recipe has a patch of form %" G_GUINT64_FORMAT, form);
        file->form = (guint)form;
        return TRUE;
    case RECIPE_PACKED_CONTENT:
        file->kind = RECIPE_CONTENT;
        file->form = FORM_PACKED;
        return get (parser, LIMIT_FORM_BYTES, "the length of what is packed", &file->inner, error);
    default:
        file->kind = (RecipeFileKind)kind;
        return TRUE;
    }
}

static gboolean
parse_new_file (Parser *parser, guint64 kind, RecipeFile *file, GError **error)
{
    RecipeTable *table = parser->table;

    if (!get (parser, parser->layer_bytes, "a file's length", &file->length, error))
        return FALSE;
    if (file->length == 0)
        return fail (error, ERR_FORMAT, "recipe has a file of no length");
    file->inner = file->length;
    if (!parse_kind (parser, kind, file, error))
        return FALSE;
    if (file->kind == RECIPE_PATCH)
        return parse_patch (parser, file, error);
    file->data_at = table->data;
    table->data += file->inner;
    return TRUE;
}

static gboolean
parse_file (Parser *parser, GError **error)
{
    RecipeFile file = { .kind = RECIPE_CONTENT };
    guint64 kind;

    if (!get (parser, RECIPE_PACKED_CONTENT, "a file's kind", &kind, error) ||
        !(kind == RECIPE_BASE ? take_base (parser, &file, error)
                              : parse_new_file (parser, kind, &file, error)))
        return FALSE;
    g_array_append_val (parser->table->files, file);
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
    /* A file takes a byte at least. */
    if (!get (&parser,
              MIN ((guint64)(parser.end - parser.at), LIMIT_RECIPE_FILES - table->files->len),
              "the count of files", &recipe->n_files, error))
        return NULL;
    for (guint64 i = 0; i < recipe->n_files; i++)
        if (!parse_file (&parser, error))
            return NULL;
    if (!parse_ops (&parser, recipe, error))
        return NULL;
    return g_steal_pointer (&recipe);
}
