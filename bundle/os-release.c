/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/os-release.h"

#include "manifest/error.h"

#include <string.h>

#define OS_RELEASE_BYTES (64 * 1024)
#define WORD_MAX 64

void
os_release_clear (OsRelease *os)
{
    g_clear_pointer (&os->id, g_free);
    g_clear_pointer (&os->version, g_free);
}

/* The value without the quotes around it. Nothing else of what a shell would do to it is needed:
 * the two words have no characters that are written otherwise. */
static char *
read_word (const char *key, const char *value, GError **error)
{
    gsize length = strlen (value);
    g_autofree char *word = NULL;
    gsize good;

    if (length >= 2 && (*value == '"' || *value == '\'') && value[length - 1] == *value)
        word = g_strndup (value + 1, length - 2);
    else
        word = g_strdup (value);
    good = strspn (word, "abcdefghijklmnopqrstuvwxyz0123456789._-");
    if (good > 0 && good <= WORD_MAX && word[good] == '\0')
        return g_steal_pointer (&word);
    g_free (g_steal_pointer (&word));
    word = error_quote (value);
    return fail_null (error, ERR_FORMAT, "%s is '%s', not a word of a-z, 0-9, '.', '_' and '-'",
                      key, word);
}

/* The last of two equal keys counts, as in a shell. */
static gboolean
take_line (OsRelease *os, char *line, GError **error)
{
    struct {
        const char *key;
        char **target;
    } keys[] = { { "ID", &os->id }, { "VERSION_ID", &os->version } };
    char *value = strchr (line, '=');

    if (*line == '\0' || *line == '#' || value == NULL)
        return TRUE;
    *value++ = '\0';
    for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
        char *word;

        if (strcmp (line, keys[i].key) != 0)
            continue;
        g_clear_pointer (keys[i].target, g_free);
        if (*value == '\0' || strcmp (value, "\"\"") == 0)
            continue;
        word = read_word (keys[i].key, value, error);
        if (word == NULL)
            return FALSE;
        *keys[i].target = word;
    }
    return TRUE;
}

gboolean
os_release_parse (GBytes *text, OsRelease *os, GError **error)
{
    gsize length;
    const char *bytes = g_bytes_get_data (text, &length);
    g_autofree char *copy = NULL;
    g_auto (GStrv) lines = NULL;
    g_auto (OsRelease) found = { 0 };

    if (length > OS_RELEASE_BYTES)
        return fail (error, ERR_FORMAT, "os-release is longer than %d bytes", OS_RELEASE_BYTES);
    copy = length > 0 ? g_strndup (bytes, length) : g_strdup ("");
    if (strlen (copy) != length)
        return fail (error, ERR_FORMAT, "os-release has a NUL byte");
    lines = g_strsplit (copy, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        if (!take_line (&found, g_strstrip (*line), error))
            return fail_prefix (error, "os-release, line %u", (guint)(line - lines) + 1);
    *os = found;
    memset (&found, 0, sizeof found);
    return TRUE;
}
