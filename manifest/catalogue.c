/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/catalogue.h"

#include "manifest/error.h"

#include <string.h>

#define MAGIC 0x950412deU
#define HEAD_BYTES 20

struct Catalogue {
    GBytes *bytes;
    const char *data;
    gsize length;
    guint32 count;
    guint32 texts;        /* offset of the table of what is translated, in order */
    guint32 translations; /* of the one beside it */
};

static guint32
number_at (const Catalogue *catalogue, gsize offset)
{
    guint32 number;

    memcpy (&number, catalogue->data + offset, sizeof number);
    return GUINT32_FROM_LE (number);
}

/* Whether the i'th string of a table lies in the catalogue and ends with NUL there. */
static gboolean
string_is_inside (const Catalogue *catalogue, guint32 table, guint32 i)
{
    gsize length = number_at (catalogue, table + 8 * (gsize)i);
    gsize offset = number_at (catalogue, table + 8 * (gsize)i + 4);

    return offset < catalogue->length && length < catalogue->length - offset &&
           catalogue->data[offset + length] == '\0';
}

static const char *
string_at (const Catalogue *catalogue, guint32 table, guint32 i)
{
    return catalogue->data + number_at (catalogue, table + 8 * (gsize)i + 4);
}

static gboolean
table_is_inside (const Catalogue *catalogue, guint32 table)
{
    return table <= catalogue->length && catalogue->count <= (catalogue->length - table) / 8;
}

static gboolean
check_strings (const Catalogue *catalogue, GError **error)
{
    const char *before = NULL;

    for (guint32 i = 0; i < catalogue->count; i++) {
        const char *text, *translation;

        if (!string_is_inside (catalogue, catalogue->texts, i) ||
            !string_is_inside (catalogue, catalogue->translations, i))
            return fail (error, ERR_FORMAT, "message %u lies outside the catalogue", i);
        text = string_at (catalogue, catalogue->texts, i);
        translation = string_at (catalogue, catalogue->translations, i);
        if (before != NULL && strcmp (before, text) >= 0)
            return fail (error, ERR_FORMAT, "message %u is not in order", i);
        if (!g_utf8_validate (translation, -1, NULL))
            return fail (error, ERR_FORMAT, "message %u is not UTF-8", i);
        before = text;
    }
    return TRUE;
}

Catalogue *
catalogue_new (GBytes *bytes, GError **error)
{
    g_autoptr (Catalogue) catalogue = g_new0 (Catalogue, 1);

    catalogue->bytes = g_bytes_ref (bytes);
    catalogue->data = g_bytes_get_data (bytes, &catalogue->length);
    if (catalogue->length < HEAD_BYTES || number_at (catalogue, 0) != MAGIC)
        return fail_null (error, ERR_FORMAT, "this is no catalogue of messages");
    /* Another revision has strings that are put together when the catalogue is read. */
    if (number_at (catalogue, 4) != 0)
        return fail_null (error, ERR_FORMAT, "a catalogue of revision 0 was expected");
    catalogue->count = number_at (catalogue, 8);
    catalogue->texts = number_at (catalogue, 12);
    catalogue->translations = number_at (catalogue, 16);
    if (!table_is_inside (catalogue, catalogue->texts) ||
        !table_is_inside (catalogue, catalogue->translations))
        return fail_null (error, ERR_FORMAT, "the catalogue is shorter than its tables");
    if (!check_strings (catalogue, error))
        return NULL;
    return g_steal_pointer (&catalogue);
}

void
catalogue_free (Catalogue *catalogue)
{
    if (catalogue == NULL)
        return;
    g_bytes_unref (catalogue->bytes);
    g_free (catalogue);
}

const char *
catalogue_find (const Catalogue *catalogue, const char *text)
{
    guint32 from = 0, to = catalogue->count;

    /* The empty text is the catalogue's own head. */
    while (*text != '\0' && from < to) {
        guint32 middle = from + (to - from) / 2;
        int order = strcmp (text, string_at (catalogue, catalogue->texts, middle));

        if (order == 0)
            return string_at (catalogue, catalogue->translations, middle);
        if (order < 0)
            to = middle;
        else
            from = middle + 1;
    }
    return NULL;
}

/* "ko_KR.UTF-8@x" is looked for as "ko_KR" and as "ko". */
static void
add_language (GPtrArray *languages, const char *name)
{
    g_autoptr (GRegex) form = g_regex_new ("^([a-z]{2,3})(_[A-Z]{2})?([.@]|$)", 0, 0, NULL);
    g_autoptr (GMatchInfo) match = NULL;
    g_autofree char *language = NULL, *country = NULL;

    if (!g_regex_match (form, name, 0, &match))
        return;
    language = g_match_info_fetch (match, 1);
    country = g_match_info_fetch (match, 2);
    if (*country != '\0')
        g_ptr_array_add (languages, g_strconcat (language, country, NULL));
    g_ptr_array_add (languages, g_steal_pointer (&language));
}

static gboolean
is_english (const char *locale)
{
    return locale == NULL || *locale == '\0' || strcmp (locale, "C") == 0 ||
           strcmp (locale, "POSIX") == 0 || g_str_has_prefix (locale, "C.");
}

char **
catalogue_languages (const char *locale, const char *language)
{
    g_autoptr (GPtrArray) languages = g_ptr_array_new ();

    if (!is_english (locale)) {
        g_auto (GStrv) names =
            g_strsplit (language != NULL && *language != '\0' ? language : locale, ":", -1);

        for (char **name = names; *name != NULL; name++)
            add_language (languages, *name);
    }
    g_ptr_array_add (languages, NULL);
    return (char **)g_ptr_array_free (g_steal_pointer (&languages), FALSE);
}
