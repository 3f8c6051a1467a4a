/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/config-choice.h"

#include "install/step.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <string.h>

static void
choice_free (gpointer data)
{
    ConfigChoice *choice = data;

    g_free (choice->path);
    g_free (choice->file);
    g_clear_pointer (&choice->bytes, g_bytes_unref);
    g_free (choice);
}

static gboolean
read_bytes (ConfigChoice *choice, GError **error)
{
    g_autoptr (GError) why = NULL;

    choice->bytes = file_read_given (choice->file, STEP_CONFIG_BYTES, &why);
    return choice->bytes != NULL ||
           fail (error, ERR_USAGE, "--config %s=%s: %s", choice->path, choice->file, why->message);
}

static gboolean
parse_one (const char *text, GPtrArray *choices, GError **error)
{
    const char *equals = strchr (text, '=');
    ConfigChoice *choice;

    if (*text != '/' || equals == NULL || equals[1] == '\0')
        return fail (error, ERR_USAGE,
                     "--config %s: expected PATH=keep, PATH=new or PATH=FILE, with the absolute "
                     "path of a config on this host",
                     text);
    choice = g_new0 (ConfigChoice, 1);
    choice->path = g_strndup (text, (gsize)(equals - text));
    if (config_choice_find (choices, choice->path) != NULL) {
        fail (error, ERR_USAGE, "--config: '%s' is decided twice", choice->path);
        choice_free (choice);
        return FALSE;
    }
    g_ptr_array_add (choices, choice);
    if (strcmp (equals + 1, "keep") == 0)
        choice->kind = CHOICE_KEEP;
    else if (strcmp (equals + 1, "new") == 0)
        choice->kind = CHOICE_NEW;
    else
        choice->kind = CHOICE_FILE;
    if (choice->kind != CHOICE_FILE)
        return TRUE;
    choice->file = g_strdup (equals + 1);
    return read_bytes (choice, error);
}

GPtrArray *
config_choices_parse (char **texts, GError **error)
{
    g_autoptr (GPtrArray) choices = g_ptr_array_new_with_free_func (choice_free);

    for (; texts != NULL && *texts != NULL; texts++)
        if (!parse_one (*texts, choices, error))
            return NULL;
    return g_steal_pointer (&choices);
}

const ConfigChoice *
config_choice_find (const GPtrArray *choices, const char *path)
{
    for (guint i = 0; choices != NULL && i < choices->len; i++) {
        const ConfigChoice *choice = g_ptr_array_index (choices, i);

        if (strcmp (choice->path, path) == 0)
            return choice;
    }
    return NULL;
}
