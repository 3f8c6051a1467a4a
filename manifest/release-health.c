/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/release-internal.h"

#include <string.h>

#define LIMIT_WITHIN (24 * 3600)
#define DEFAULT_WITHIN 60

/* A check with two kinds is refused, but only after both were read into the one member. */
static void
set_target (char **target, const char *text)
{
    g_free (*target);
    *target = g_strdup (text);
}

static void
read_container (FieldReader *reader, const YamlNode *node, gpointer target)
{
    const char *text = field_scalar (reader, node);

    if (text != NULL &&
        release_check_pattern (reader, node, text, "[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}",
                               "the name of a container"))
        set_target (target, text);
}

static void
read_url (FieldReader *reader, const YamlNode *node, gpointer target)
{
    const char *text = field_scalar (reader, node);

    if (text != NULL &&
        release_check_pattern (reader, node, text,
                               "https?://([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:]+\\])(:[0-9]{1,5})?"
                               "(/[!-~]*)?",
                               "a URL such as http://127.0.0.1:8080/health"))
        set_target (target, text);
}

static void
add_argument (FieldReader *reader, const YamlNode *node, gpointer target)
{
    const char *text = field_free_text (reader, node);

    if (text != NULL)
        g_ptr_array_add (target, g_strdup (text));
}

static void
read_command (FieldReader *reader, const YamlNode *node, gpointer target)
{
    GPtrArray *arguments = g_ptr_array_new ();

    field_read_list (reader, node, RELEASE_LIMIT_ITEMS, add_argument, arguments);
    if (node->kind == YAML_NODE_LIST &&
        (node->values->len == 0 || (arguments->len > 0 && *(char *)arguments->pdata[0] == '\0')))
        field_problem (reader, node, "the command is empty");
    g_ptr_array_add (arguments, NULL);
    *(char ***)target = (char **)g_ptr_array_free (arguments, FALSE);
}

/* "30s", "5m", "1h". */
static void
read_within (FieldReader *reader, const YamlNode *node, gpointer target)
{
    const char *text = field_scalar (reader, node);
    guint64 seconds;
    char unit;

    if (text == NULL || !release_check_pattern (reader, node, text, "[1-9][0-9]{0,5}[smh]",
                                                "a time such as 30s, 5m or 1h"))
        return;
    seconds = g_ascii_strtoull (text, NULL, 10);
    unit = text[strlen (text) - 1];
    seconds *= unit == 'h' ? 3600 : unit == 'm' ? 60 : 1;
    if (seconds > LIMIT_WITHIN)
        field_problem (reader, node, "%s is longer than a day", text);
    else
        *(guint *)target = (guint)seconds;
}

static void
set_kind (FieldReader *reader, const YamlNode *node, ReleaseHealth *health)
{
    static const char *const kinds[] = { "container", "http", "command" };
    guint found = 0;

    for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
        if (field_find (node, kinds[i]) == NULL)
            continue;
        health->kind = (HealthKind)i;
        found++;
    }
    if (node->kind == YAML_NODE_MAP && found != 1)
        field_problem (reader, node, "a check has exactly one of 'container', 'http', 'command'");
}

static void
read_check (FieldReader *reader, const YamlNode *node, gpointer target)
{
    static const Field fields[] = {
        { "container", read_container, G_STRUCT_OFFSET (ReleaseHealth, target) },
        { "http", read_url, G_STRUCT_OFFSET (ReleaseHealth, target) },
        { "command", read_command, G_STRUCT_OFFSET (ReleaseHealth, command) },
        { "within", read_within, G_STRUCT_OFFSET (ReleaseHealth, within), FIELD_REQUIRED_SEALED },
        { NULL },
    };
    ReleaseHealth *health = g_new0 (ReleaseHealth, 1);

    health->within = DEFAULT_WITHIN;
    set_kind (reader, node, health);
    field_read_map (reader, node, fields, health);
    g_ptr_array_add (target, health);
}

void
release_read_health (FieldReader *reader, const YamlNode *node, gpointer target)
{
    field_read_list (reader, node, RELEASE_LIMIT_ITEMS, read_check, *(GPtrArray **)target);
}
