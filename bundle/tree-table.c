/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/tree-table.h"

#include "manifest/error.h"
#include "manifest/limits.h"
#include "manifest/path.h"

#include <string.h>

#define CHECKSUM_DIGITS 8

static void
clear_file (gpointer data)
{
    g_clear_pointer (&((TreeFile *)data)->path, g_free);
}

GArray *
tree_table_new (void)
{
    GArray *files = g_array_new (FALSE, TRUE, sizeof (TreeFile));

    g_array_set_clear_func (files, clear_file);
    return files;
}

/* As it is written: no sign, no needless zero. */
static gboolean
parse_length (const char *word, guint64 *length, GError **error)
{
    if ((word[0] == '0' && word[1] != '\0') || !g_ascii_isdigit (word[0]) ||
        !g_ascii_string_to_unsigned (word, 10, 0, G_MAXINT64, length, NULL))
        return fail (error, ERR_FORMAT, "its length is no number");
    return TRUE;
}

static gboolean
parse_checksum (const char *word, guint32 *checksum, GError **error)
{
    guint32 sum = 0;

    for (const char *at = word; *at != '\0'; at++) {
        if (!g_ascii_isxdigit (*at) || g_ascii_isupper (*at))
            return fail (error, ERR_FORMAT,
                         "its checksum has something else than digits of 0 to f");
        sum = sum << 4 | (guint32)g_ascii_xdigit_value (*at);
    }
    if (strlen (word) != CHECKSUM_DIGITS)
        return fail (error, ERR_FORMAT, "its checksum has not %d digits", CHECKSUM_DIGITS);
    *checksum = sum;
    return TRUE;
}

static gboolean
parse_line (GArray *files, const char *line, GError **error)
{
    g_auto (GStrv) words = g_strsplit (line, " ", 4);
    TreeFile file = { 0 };

    if (g_strv_length (words) != 4 || (strcmp (words[0], "f") != 0 && strcmp (words[0], "x") != 0))
        return fail (error, ERR_FORMAT,
                     "it is neither 'f LENGTH CHECKSUM PATH' nor 'x LENGTH CHECKSUM PATH'");
    file.executable = *words[0] == 'x';
    if (!parse_length (words[1], &file.length, error) ||
        !parse_checksum (words[2], &file.checksum, error) || !path_check_relative (words[3], error))
        return FALSE;
    if (files->len > 0 &&
        strcmp (g_array_index (files, TreeFile, files->len - 1).path, words[3]) >= 0)
        return fail (error, ERR_FORMAT, "its path does not come behind the one before");
    if (files->len >= LIMIT_TREE_FILES)
        return fail (error, ERR_FORMAT, "there are more than %d files", LIMIT_TREE_FILES);
    file.path = g_strdup (words[3]);
    g_array_append_val (files, file);
    return TRUE;
}

GArray *
tree_table_parse (GBytes *text, GError **error)
{
    gsize length;
    const char *bytes = g_bytes_get_data (text, &length);
    g_autofree char *copy = length > 0 ? g_strndup (bytes, length) : g_strdup ("");
    g_autoptr (GArray) files = tree_table_new ();
    guint number = 1;

    if (length > 0 && (strlen (copy) != length || copy[length - 1] != '\n'))
        return fail_null (error, ERR_FORMAT,
                          "tree files left out: a line without its end, or a NUL byte");
    for (char *line = copy, *end; *line != '\0'; line = end + 1, number++) {
        end = line + strcspn (line, "\n");
        *end = '\0';
        if (!parse_line (files, line, error)) {
            fail_prefix (error, "tree files left out, line %u", number);
            return NULL;
        }
    }
    return g_steal_pointer (&files);
}

GBytes *
tree_table_write (const GArray *files)
{
    GString *text = g_string_new (NULL);

    for (guint i = 0; i < files->len; i++) {
        const TreeFile *file = &g_array_index (files, TreeFile, i);

        g_string_append_printf (text, "%c %" G_GUINT64_FORMAT " %08" G_GINT32_MODIFIER "x %s\n",
                                file->executable ? 'x' : 'f', file->length, file->checksum,
                                file->path);
    }
    return g_string_free_to_bytes (text);
}
