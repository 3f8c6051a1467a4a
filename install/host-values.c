/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/host.h"

#include "install/values-source.h"
#include "manifest/error.h"

#include <string.h>

static void
value_free (gpointer data)
{
    HostValue *value = data;

    /* A secret is not left behind in freed memory. */
    if (value->text != NULL)
        explicit_bzero (value->text, strlen (value->text));
    g_free (value->text);
    g_free (value->name);
    g_free (value);
}

/* Without a value, so that a line that was added and not filled in is still missing. */
static void
add_missing (GString *missing, const ReleaseValue *value)
{
    g_autofree char *about = error_quote (value->description != NULL ? value->description : "");

    g_string_append_printf (missing, "\n  %s:%s%s", value->name, *about ? "   # " : "", about);
}

/* A program is asked once by a process, so that the way back does not need it again. Caller frees
 * nothing. */
static const char *
ask_program (const Host *host, const ValueGiven *given, Launcher *launcher, GError **error)
{
    g_autofree char *key = g_strjoinv ("\n", given->command);
    const char *known = g_hash_table_lookup (host->said, key);
    char *text = known == NULL ? value_source_get (given, launcher, error) : NULL;

    if (text != NULL)
        g_hash_table_insert (host->said, g_steal_pointer (&key), text);
    return known != NULL ? known : text;
}

static gboolean
take_given (const Host *host, const ValueGiven *given, Launcher *launcher, HostValue *value,
            GError **error)
{
    if (given->kind == VALUE_TEXT)
        value->text = g_strdup (given->text);
    else if (given->kind == VALUE_FILE)
        value->text = value_source_get (given, NULL, error);
    else
        value->text = g_strdup (ask_program (host, given, launcher, error));
    /* Who keeps it elsewhere does not want to read it in a log. */
    value->secret = value->secret || given->kind != VALUE_TEXT;
    return value->text != NULL;
}

static gboolean
take_value (const Host *host, const ReleaseValue *declared, const ValueGiven *given,
            Launcher *launcher, GPtrArray *values, GError **error)
{
    HostValue *value = g_new0 (HostValue, 1);

    g_ptr_array_add (values, value);
    value->name = g_strdup (declared->name);
    value->secret = declared->secret;
    if (given != NULL)
        return take_given (host, given, launcher, value, error);
    value->text = g_strdup (declared->fallback);
    return TRUE;
}

char *
host_values_path (const Host *host, const char *product)
{
    g_autofree char *file = g_strconcat (product, ".yaml", NULL);

    return g_build_filename (host->etc_path, "values", file, NULL);
}

GPtrArray *
host_values_given (const Host *host, const char *product, GError **error)
{
    g_autofree char *path = host_values_path (host, product);
    g_autoptr (GBytes) text = NULL;

    if (!values_file_read (path, &text, error))
        return NULL;
    if (text == NULL)
        text = g_bytes_new_static ("", 0);
    return values_file_parse (text, path, error);
}

GPtrArray *
host_values (const Host *host, const Release *release, Launcher *launcher, const char *command,
             GError **error)
{
    g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func (value_free), given = NULL;
    g_autoptr (GString) missing = g_string_new (NULL);
    g_autofree char *path = host_values_path (host, release->product);

    if (release->values == NULL || release->values->len == 0)
        return g_steal_pointer (&values);
    given = host_values_given (host, release->product, error);
    if (given == NULL)
        return NULL;
    for (guint i = 0; i < release->values->len; i++) {
        const ReleaseValue *declared = g_ptr_array_index (release->values, i);
        const ValueGiven *here = values_file_find (given, declared->name);

        if (here == NULL && declared->fallback == NULL)
            add_missing (missing, declared);
        else if (!take_value (host, declared, here, launcher, values, error))
            return NULL;
    }
    if (missing->len > 0)
        return fail_null (error, ERR_NOT_READY,
                          "values of this host are missing; type: %s\nor add them to '%s' (mode "
                          "0600) and fill them in:%s",
                          command, path, missing->str);
    return g_steal_pointer (&values);
}

const char *
host_value_find (GPtrArray *values, const char *name, gsize length)
{
    for (guint i = 0; i < values->len; i++) {
        const HostValue *value = g_ptr_array_index (values, i);

        if (strlen (value->name) == length && memcmp (value->name, name, length) == 0)
            return value->text;
    }
    return NULL;
}
