/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/registry-token.h"

#include "bundle/registry-http.h"
#include "bundle/strictjson.h"
#include "manifest/error.h"

#include <string.h>

#define TOKEN_SECONDS 60
#define TOKEN_BYTES 32768
#define CLIENT "handcarry"

static gboolean
is_header_text (const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if (!g_ascii_isgraph (*c))
            return FALSE;
    return *text != '\0';
}

/* Servers send one of the two names, or the same under both. */
static gboolean
read_token (JsonObject *object, const char **token, GError **error)
{
    const char *access;

    if (!strictjson_string (object, "token", "answer", token, error) ||
        !strictjson_string (object, "access_token", "answer", &access, error))
        return FALSE;
    if (*token == NULL || **token == '\0')
        *token = access;
    if (*token == NULL)
        return fail (error, ERR_FORMAT, "the answer has neither 'token' nor 'access_token'");
    if (strlen (*token) > TOKEN_BYTES || !is_header_text (*token))
        return fail (error, ERR_FORMAT,
                     "its token is none: at most %d printable characters are expected",
                     TOKEN_BYTES);
    return TRUE;
}

gboolean
token_parse (GBytes *text, char **token, guint64 *seconds, GError **error)
{
    g_autoptr (JsonNode) root = NULL;
    JsonObject *object = strictjson_parse_object (text, "answer", &root, error);
    guint64 lasts = TOKEN_SECONDS;
    const char *found;

    if (object == NULL || !read_token (object, &found, error) ||
        (json_object_has_member (object, "expires_in") &&
         !strictjson_size (object, "expires_in", "answer", &lasts, error)))
        return FALSE;
    *token = g_strdup (found);
    *seconds = lasts;
    return TRUE;
}

static void
append (GString *out, const char *name, const char *value)
{
    g_autofree char *escaped = value == NULL ? NULL : http_escape (value);

    if (escaped != NULL)
        g_string_append_printf (out, "%s%s=%s", out->len == 0 ? "" : "&", name, escaped);
}

char *
token_url (const char *realm, const Challenge *challenge, const char *scope, const char *user)
{
    g_autoptr (GString) query = g_string_new (NULL);

    append (query, "service", challenge->service);
    append (query, "scope", scope);
    append (query, "account", user);
    return g_strconcat (realm, strchr (realm, '?') == NULL ? "?" : "&", query->str, NULL);
}

char *
token_form (const Challenge *challenge, const char *scope, const char *identity)
{
    g_autoptr (GString) form = g_string_new (NULL);

    append (form, "grant_type", "refresh_token");
    append (form, "service", challenge->service);
    append (form, "client_id", CLIENT);
    append (form, "scope", scope);
    append (form, "refresh_token", identity);
    return g_string_free (g_steal_pointer (&form), FALSE);
}

char *
token_scope (const Challenge *challenge, const char *repository)
{
    const char *scope = challenge->scope;

    /* A proxy may know the repository by another name; more than to pull is not ours to ask for. */
    if (scope != NULL && g_str_has_prefix (scope, "repository:") &&
        g_str_has_suffix (scope, ":pull") && strchr (scope, ' ') == NULL)
        return g_strdup (scope);
    return g_strconcat ("repository:", repository, ":pull", NULL);
}
