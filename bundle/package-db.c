/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/package-db.h"

#include "manifest/error.h"
#include "manifest/limits.h"

#include <string.h>

/* The fields of a paragraph that matter. Both formats are paragraphs of "KEY:VALUE" lines with an
 * empty line behind each. */
enum { FIELD_NAME, FIELD_VERSION, FIELD_ARCH, FIELD_STATUS, FIELD_SOURCE, FIELD_LICENCE, N_FIELDS };

typedef struct {
    const char *kind;
    const char *keys[N_FIELDS];
    gboolean folded; /* lines that begin with a blank go on with the value before */
} Format;

static const Format dpkg = { PACKAGE_KIND_DEB,
                             { "Package", "Version", "Architecture", "Status", "Source", NULL },
                             TRUE };
/* apk keeps only what is installed. */
static const Format apk = { PACKAGE_KIND_APK, { "P", "V", "A", NULL, "o", "L" }, FALSE };

/* The last word of a Status field ("install ok installed"), and whether the package's files are
 * there in that state (dpkg's lib/dpkg/parse.c has the words). */
static const struct {
    const char *word;
    gboolean present;
} states[] = {
    { "not-installed", FALSE },   { "config-files", FALSE },   { "half-installed", FALSE },
    { "unpacked", TRUE },         { "half-configured", TRUE }, { "triggers-awaited", TRUE },
    { "triggers-pending", TRUE }, { "installed", TRUE },
};

typedef struct {
    const Format *format;
    PackageList *list;
    char *values[N_FIELDS]; /* of the paragraph that is being read */
    gboolean any;
} Reader;

static void
paragraph_clear (Reader *reader)
{
    for (guint i = 0; i < N_FIELDS; i++)
        g_clear_pointer (&reader->values[i], g_free);
    reader->any = FALSE;
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reader, paragraph_clear)

static gboolean
is_present (const char *status, gboolean *present, GError **error)
{
    g_auto (GStrv) words = NULL;
    g_autofree char *shown = NULL;

    *present = TRUE;
    if (status == NULL)
        return TRUE;
    words = g_strsplit (status, " ", 4);
    for (guint i = 0; g_strv_length (words) == 3 && i < G_N_ELEMENTS (states); i++) {
        *present = states[i].present;
        if (strcmp (words[2], states[i].word) == 0)
            return TRUE;
    }
    shown = error_quote (status);
    return fail (error, ERR_FORMAT, "'%s' is not a status of dpkg", shown);
}

static gboolean
is_plain (const char *text, gboolean blanks)
{
    gsize length = strlen (text);

    for (const char *at = text; *at != '\0'; at++)
        if (!g_ascii_isgraph (*at) && !(blanks && *at == ' '))
            return FALSE;
    return length > 0 && length <= LIMIT_NAME_BYTES;
}

/* dpkg writes "NAME" or "NAME (VERSION)", and nothing where both are the package's own. What is
 * said otherwise is left out: the package is there whatever it was built from. */
static void
take_source (Package *package, const char *text)
{
    const char *blank = strstr (text, " (");
    g_autofree char *name = blank != NULL ? g_strndup (text, (gsize)(blank - text)) : NULL;
    g_autofree char *version = NULL;

    if (blank != NULL && g_str_has_suffix (blank, ")"))
        version = g_strndup (blank + 2, strlen (blank + 2) - 1);
    if (!is_plain (name != NULL ? name : text, FALSE) ||
        (blank != NULL && (version == NULL || !is_plain (version, FALSE))))
        return;
    if (version == NULL && strcmp (text, package->name) == 0)
        return;
    package->source = g_strdup (name != NULL ? name : text);
    package->source_version = g_steal_pointer (&version);
}

static gboolean
add_package (Reader *reader, GError **error)
{
    char **values = reader->values;
    Package *package;

    package = package_list_add (reader->list, reader->format->kind, values[FIELD_NAME],
                                values[FIELD_VERSION], values[FIELD_ARCH], error);
    if (package == NULL)
        return FALSE;
    if (values[FIELD_SOURCE] != NULL)
        take_source (package, values[FIELD_SOURCE]);
    if (values[FIELD_LICENCE] != NULL && is_plain (values[FIELD_LICENCE], TRUE))
        package->licence = g_strdup (values[FIELD_LICENCE]);
    return TRUE;
}

static gboolean
end_paragraph (Reader *reader, GError **error)
{
    char **values = reader->values;
    gboolean present;

    if (!reader->any)
        return TRUE;
    if (!is_present (values[FIELD_STATUS], &present, error))
        return FALSE;
    for (guint i = FIELD_NAME; present && i <= FIELD_ARCH; i++)
        if (values[i] == NULL)
            return fail (error, ERR_FORMAT, "a package has no '%s'", reader->format->keys[i]);
    if (present && !add_package (reader, error))
        return FALSE;
    paragraph_clear (reader);
    return TRUE;
}

/* dpkg takes keys in any case. */
static gboolean
take_line (Reader *reader, const char *line, GError **error)
{
    const char *colon = strchr (line, ':');
    g_autofree char *key = NULL;

    if (reader->format->folded && (*line == ' ' || *line == '\t') && reader->any)
        return TRUE;
    if (colon == NULL || colon == line || (!reader->format->folded && colon != line + 1))
        return fail (error, ERR_FORMAT, "it is not 'KEY: VALUE'");
    reader->any = TRUE;
    key = g_strndup (line, (gsize)(colon - line));
    for (guint i = 0; i < N_FIELDS; i++) {
        const char *wanted = reader->format->keys[i];

        if (wanted == NULL ||
            (reader->format->folded ? g_ascii_strcasecmp (key, wanted) : strcmp (key, wanted)) != 0)
            continue;
        if (reader->values[i] != NULL)
            return fail (error, ERR_FORMAT, "'%s' is there twice", wanted);
        reader->values[i] = g_strstrip (g_strdup (colon + 1));
    }
    return TRUE;
}

static gboolean
read_lines (Reader *reader, char *text, GError **error)
{
    guint number = 1;

    for (char *line = text, *end; line != NULL; line = end, number++) {
        end = strchr (line, '\n');
        if (end != NULL)
            *end++ = '\0';
        if (!(*line == '\0' ? end_paragraph (reader, error) : take_line (reader, line, error)))
            return fail_prefix (error, "line %u", number);
    }
    return end_paragraph (reader, error);
}

static PackageList *
parse (const Format *format, GBytes *text, GError **error)
{
    gsize length;
    const char *bytes = g_bytes_get_data (text, &length);
    g_autofree char *copy = length > 0 ? g_strndup (bytes, length) : g_strdup ("");
    g_autoptr (PackageList) list = package_list_new ();
    g_auto (Reader) reader = { .format = format, .list = list };

    if (length > LIMIT_PACKAGE_DB_BYTES)
        return fail_null (error, ERR_FORMAT, "it is longer than %d bytes", LIMIT_PACKAGE_DB_BYTES);
    if (strlen (copy) != length)
        return fail_null (error, ERR_FORMAT, "it has a NUL byte");
    if (!read_lines (&reader, copy, error))
        return NULL;
    return g_steal_pointer (&list);
}

PackageList *
package_db_parse_dpkg (GBytes *text, GError **error)
{
    return parse (&dpkg, text, error);
}

PackageList *
package_db_parse_apk (GBytes *text, GError **error)
{
    return parse (&apk, text, error);
}
