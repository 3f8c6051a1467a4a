/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/plan-diff.h"

#include "install/host.h"
#include "install/mask.h"
#include "manifest/error.h"
#include "manifest/line-diff.h"

#include <string.h>

#define STARS "********"
#define BLANKS " \t"
/* What may stand between the name of a thing and the secret. */
#define BETWEEN " \t=:\"'"

/* The secret that a line held before is known to nobody but its place: what comes before it there.
 */
typedef struct {
    GPtrArray *values;
    GPtrArray *keys; /* char *: how a line with a secret begins, without blanks around it */
} Secrets;

static gboolean
is_secret (const Secrets *secrets, const char *name, gsize length)
{
    for (guint i = 0; i < secrets->values->len; i++) {
        const HostValue *value = g_ptr_array_index (secrets->values, i);

        if (value->secret && strlen (value->name) == length &&
            memcmp (value->name, name, length) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean
has_secret (const Secrets *secrets, const char *line)
{
    while ((line = strstr (line, "{{")) != NULL) {
        const char *name = line + 2 + strspn (line + 2, BLANKS);

        if (is_secret (secrets, name, strcspn (name, BLANKS "}")))
            return TRUE;
        line = name;
    }
    return FALSE;
}

/* FALSE where a line begins with its secret. */
static gboolean
add_key (Secrets *secrets, const char *line)
{
    const char *from = line + strspn (line, BLANKS);
    gsize length = (gsize)(strstr (from, "{{") - from);

    while (length > 0 && strchr (BETWEEN, from[length - 1]) != NULL)
        length--;
    g_ptr_array_add (secrets->keys, g_strndup (from, length));
    return length > 0;
}

static gboolean
learn (Secrets *secrets, GBytes *template)
{
    gsize size;
    const char *text = g_bytes_get_data (template, &size);
    g_autofree char *copy = g_strndup (text != NULL ? text : "", size);
    g_auto (GStrv) lines = g_strsplit (copy, "\n", -1);

    for (char **line = lines; *line != NULL; line++)
        if (has_secret (secrets, *line) && !add_key (secrets, *line))
            return FALSE;
    return TRUE;
}

/* error_quote shortens and shows tabs as \x09; tabs are common in configs. */
static char *
escape (const char *text)
{
    g_auto (GStrv) parts = g_strsplit (text, "\t", -1);

    for (char **part = parts; *part != NULL; part++) {
        char *quoted = error_quote (*part);

        g_free (*part);
        *part = quoted;
    }
    return g_strjoinv ("\t", parts);
}

static char *
show (const char *line, gsize length, gpointer data)
{
    const Secrets *secrets = data;
    g_autofree char *text = g_strndup (line, length);
    const char *from = text + strspn (text, BLANKS);
    g_autofree char *masked = NULL;

    for (guint i = 0; i < secrets->keys->len; i++) {
        const char *key = g_ptr_array_index (secrets->keys, i);
        gsize end = (gsize)(from - text) + strlen (key);

        if (!g_str_has_prefix (from, key))
            continue;
        end += strspn (text + end, BETWEEN);
        masked = g_strdup_printf ("%.*s" STARS, (int)end, text);
        return escape (masked);
    }
    masked = mask_text (secrets->values, text);
    return escape (masked);
}

static gboolean
has_long_secret (GPtrArray *values)
{
    for (guint i = 0; i < values->len; i++) {
        const HostValue *value = g_ptr_array_index (values, i);

        if (value->secret && strchr (value->text, '\n') != NULL)
            return TRUE;
    }
    return FALSE;
}

char *
plan_diff (GBytes *old, GBytes *new, GBytes *template, GPtrArray *values, const char **why)
{
    g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);
    Secrets secrets = { values, keys };

    *why = NULL;
    if (template != NULL && has_long_secret (values))
        *why = "it may hold a secret of several lines";
    else if (template != NULL && !learn (&secrets, template))
        *why = "a line of it begins with a secret";
    return *why == NULL ? line_diff (old, new, show, &secrets, why) : NULL;
}
