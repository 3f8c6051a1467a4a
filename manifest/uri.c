/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/uri.h"

#include "manifest/error.h"

#include <string.h>

#define SCHEME "^[A-Za-z][A-Za-z0-9+.-]*:."
#define NOT_IN_URIS "\"<>\\^`{|}"

static gboolean
check_characters (const char *uri, GError **error)
{
    if (strlen (uri) > URI_BYTES_MAX)
        return fail (error, ERR_FORMAT, "a URI has at most %d bytes", URI_BYTES_MAX);
    for (const char *at = uri; *at != '\0'; at++)
        if (!g_ascii_isgraph (*at) || strchr (NOT_IN_URIS, *at) != NULL)
            return fail (error, ERR_FORMAT, "a URI has no blanks and no bytes but plain ASCII");
    return g_regex_match_simple (SCHEME, uri, G_REGEX_DOLLAR_ENDONLY, 0) ||
           fail (error, ERR_FORMAT,
                 "it is not a whole URI such as https://git.example.org/plant or "
                 "ssh://git@git.example.org/plant");
}

/* Over http nobody is asked for a name alone: what stands there is a token. */
static gboolean
check_user (const char *uri, GError **error)
{
    const char *authority = strstr (uri, "://");
    gsize length = authority != NULL ? strcspn (authority + 3, "/?#") : 0;
    g_autofree char *whole = authority != NULL ? g_strndup (authority + 3, length) : g_strdup ("");
    char *at = strrchr (whole, '@');

    if (at == NULL)
        return TRUE;
    *at = '\0';
    if (strchr (whole, ':') == NULL && g_ascii_strncasecmp (uri, "http", 4) != 0 &&
        strstr (uri, "+http") == NULL)
        return TRUE;
    return fail (error, ERR_FORMAT,
                 "the URI holds a user or password: everybody who has the bundle could read it");
}

gboolean
uri_check (const char *uri, GError **error)
{
    if (!check_characters (uri, error) || !check_user (uri, error))
        return FALSE;
    return strchr (uri, '?') == NULL ||
           fail (error, ERR_FORMAT,
                 "the URI has a query, where tokens stand: everybody who has the bundle could "
                 "read it");
}
