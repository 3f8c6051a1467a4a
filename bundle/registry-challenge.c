/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/registry-challenge.h"

#include "manifest/error.h"

#include <string.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define TOKEN LETTERS "!#$%&'*+-.^_`|~"
#define TOKEN68 LETTERS "-._~+/"
#define BLANK " \t"

static void
challenge_free (Challenge *challenge)
{
    g_free (challenge->scheme);
    g_free (challenge->realm);
    g_free (challenge->service);
    g_free (challenge->scope);
    g_free (challenge);
}

GPtrArray *
challenge_list_new (void)
{
    return g_ptr_array_new_with_free_func ((GDestroyNotify)challenge_free);
}

/* NULL: none begins here. Caller frees. */
static char *
take_token (const char **at)
{
    gsize length = strspn (*at, TOKEN);
    char *token = length == 0 ? NULL : g_strndup (*at, length);

    *at += length;
    return token;
}

/* NULL: it does not end. Caller frees. */
static char *
take_quoted (const char **at)
{
    g_autoptr (GString) out = g_string_new (NULL);
    const char *c = *at + 1;

    for (; *c != '"' && *c != '\0'; c++) {
        if (*c == '\\' && c[1] != '\0')
            c++;
        g_string_append_c (out, *c);
    }
    if (*c == '\0')
        return NULL;
    *at = c + 1;
    return g_string_free (g_steal_pointer (&out), FALSE);
}

/* A scheme may be followed by one word in place of parameters ("Negotiate YII="). */
static void
skip_token68 (const char **at)
{
    const char *end = *at + strspn (*at, TOKEN68);

    end += strspn (end, "=");
    if (end == *at)
        return;
    end += strspn (end, BLANK);
    if (*end == ',' || *end == '\0')
        *at = end;
}

/* Each of the parameters may stand once. Takes value. */
static gboolean
set_parameter (Challenge *challenge, const char *name, char *value)
{
    g_autofree char *owned = value;
    const struct {
        const char *name;
        char **place;
    } known[] = { { "realm", &challenge->realm },
                  { "service", &challenge->service },
                  { "scope", &challenge->scope } };

    for (gsize i = 0; i < G_N_ELEMENTS (known); i++) {
        if (g_ascii_strcasecmp (known[i].name, name) != 0)
            continue;
        if (*known[i].place != NULL)
            return FALSE;
        *known[i].place = g_steal_pointer (&owned);
    }
    return TRUE;
}

/* The value behind "name=". */
static gboolean
take_parameter (const char **at, Challenge *challenge, const char *name)
{
    char *value;

    *at += 1 + strspn (*at + 1, BLANK);
    value = **at == '"' ? take_quoted (at) : take_token (at);
    if (value == NULL || !set_parameter (challenge, name, value))
        return FALSE;
    *at += strspn (*at, BLANK);
    return **at == ',' || **at == '\0';
}

static gboolean
take_one (const char **at, GPtrArray *list)
{
    g_autofree char *name = take_token (at);
    Challenge *last = list->len == 0 ? NULL : list->pdata[list->len - 1];
    gsize blanks = strspn (*at, BLANK);

    if (name == NULL)
        return FALSE;
    if ((*at)[blanks] == '=') {
        *at += blanks;
        return last != NULL && take_parameter (at, last, name);
    }
    if (blanks == 0 && **at != ',' && **at != '\0')
        return FALSE;
    *at += blanks;
    last = g_new0 (Challenge, 1);
    last->scheme = g_ascii_strdown (name, -1);
    g_ptr_array_add (list, last);
    skip_token68 (at);
    return TRUE;
}

gboolean
challenge_parse (const char *text, GPtrArray *out, GError **error)
{
    g_autoptr (GPtrArray) list = challenge_list_new ();
    g_autofree char *shown = error_quote (text);

    for (const char *at = text;;) {
        at += strspn (at, BLANK ",");
        if (*at == '\0')
            break;
        if (!take_one (&at, list))
            return fail (error, ERR_FORMAT, "'%s' is no WWW-Authenticate", shown);
    }
    g_ptr_array_extend_and_steal (out, g_steal_pointer (&list));
    return TRUE;
}

const Challenge *
challenge_choose (const GPtrArray *list)
{
    const Challenge *basic = NULL;

    for (guint i = 0; i < list->len; i++) {
        const Challenge *challenge = list->pdata[i];

        if (strcmp (challenge->scheme, "bearer") == 0 && challenge->realm != NULL)
            return challenge;
        if (strcmp (challenge->scheme, "basic") == 0 && basic == NULL)
            basic = challenge;
    }
    return basic;
}
