/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/purl.h"

#include "manifest/error.h"
#include "manifest/limits.h"

#include <string.h>

void
purl_clear (Purl *purl)
{
    g_clear_pointer (&purl->type, g_free);
    g_clear_pointer (&purl->name, g_free);
    g_clear_pointer (&purl->space, g_free);
    g_clear_pointer (&purl->version, g_free);
    g_clear_pointer (&purl->arch, g_free);
    g_clear_pointer (&purl->epoch, g_free);
}

/* The colon is never encoded: an epoch stays as it is. */
void
purl_append (GString *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (g_ascii_isalnum (*text) || strchr (".-_~:", *text) != NULL)
            g_string_append_c (out, *text);
        else
            g_string_append_printf (out, "%%%02X", (guint8)*text);
    }
}

/* NULL with error where it is empty, does not decode, or not to UTF-8. */
static char *
decode (const char *what, const char *text, GError **error)
{
    g_autofree char *plain = g_uri_unescape_string (text, NULL);

    if (plain == NULL || *plain == '\0' || !g_utf8_validate (plain, -1, NULL))
        return fail_null (error, ERR_FORMAT, "its %s is empty or does not decode", what);
    return g_steal_pointer (&plain);
}

/* Cuts text at the last c and returns what follows; NULL where there is none. */
static char *
cut_last (char *text, char c)
{
    char *at = strrchr (text, c);

    if (at == NULL)
        return NULL;
    *at = '\0';
    return at + 1;
}

/* A value that is empty counts as one that is not there. */
static gboolean
read_qualifiers (Purl *purl, const char *text, GError **error)
{
    struct {
        const char *key;
        char **target;
    } keys[] = { { "arch", &purl->arch }, { "epoch", &purl->epoch } };
    g_auto (GStrv) pairs = g_strsplit (text, "&", -1);

    for (char **pair = pairs; *pair != NULL; pair++) {
        char *value = strchr (*pair, '=');

        if (value == NULL)
            return fail (error, ERR_FORMAT, "one of its qualifiers has no value");
        *value++ = '\0';
        for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
            if (*value == '\0' || g_ascii_strcasecmp (*pair, keys[i].key) != 0)
                continue;
            if (*keys[i].target != NULL)
                return fail (error, ERR_FORMAT, "it has the qualifier '%s' twice", keys[i].key);
            *keys[i].target = decode ("qualifier", value, error);
            if (*keys[i].target == NULL)
                return FALSE;
        }
    }
    return TRUE;
}

/* "NAMESPACE/NAME", where the namespace may have several segments or be missing. */
static gboolean
read_names (Purl *purl, char *text, GError **error)
{
    gsize length = strlen (text);
    const char *name;

    while (length > 0 && text[length - 1] == '/')
        text[--length] = '\0';
    name = cut_last (text, '/');
    purl->name = decode ("name", name != NULL ? name : text, error);
    if (purl->name == NULL)
        return FALSE;
    if (name == NULL || text[strspn (text, "/")] == '\0')
        return TRUE;
    purl->space = decode ("namespace", text + strspn (text, "/"), error);
    return purl->space != NULL;
}

static gboolean
read_parts (Purl *purl, char *text, GError **error)
{
    const char *qualifiers, *version = NULL, *at;
    char *rest;

    cut_last (text, '#');
    qualifiers = cut_last (text, '?');
    if (g_ascii_strncasecmp (text, "pkg:", 4) != 0)
        return fail (error, ERR_FORMAT, "it does not begin with 'pkg:'");
    text += 4 + strspn (text + 4, "/");
    rest = strchr (text, '/');
    if (rest == NULL)
        return fail (error, ERR_FORMAT, "it has no name");
    *rest++ = '\0';
    purl->type = g_ascii_strdown (text, -1);
    /* An '@' in front of the last '/' belongs to a namespace that should have been encoded. */
    at = strrchr (rest, '@');
    if (at != NULL && strchr (at, '/') == NULL)
        version = cut_last (rest, '@');
    if (version != NULL && version - 1 == rest)
        return fail (error, ERR_FORMAT, "it has no name");
    if (version != NULL && *version != '\0') {
        purl->version = decode ("version", version, error);
        if (purl->version == NULL)
            return FALSE;
    }
    return read_names (purl, rest, error) &&
           (qualifiers == NULL || *qualifiers == '\0' || read_qualifiers (purl, qualifiers, error));
}

gboolean
purl_parse (const char *text, Purl *purl, GError **error)
{
    g_auto (Purl) found = { 0 };
    g_autofree char *copy = g_strdup (text);
    g_autofree char *shown = NULL;

    if (strlen (text) <= LIMIT_PATH_BYTES && read_parts (&found, copy, error)) {
        *purl = found;
        memset (&found, 0, sizeof found);
        return TRUE;
    }
    shown = error_quote (text);
    if (strlen (text) > LIMIT_PATH_BYTES)
        return fail (error, ERR_FORMAT, "package URL '%s' is longer than %d bytes", shown,
                     LIMIT_PATH_BYTES);
    return fail_prefix (error, "package URL '%s'", shown);
}
