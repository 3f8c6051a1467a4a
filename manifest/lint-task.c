/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/lint-task.h"

#include "manifest/field.h"

#include <string.h>

/* Keys of a task that name no module. */
static const char *const keywords[] = {
    "name",
    "when",
    "vars",
    "environment",
    "tags",
    "register",
    "notify",
    "listen",
    "changed_when",
    "failed_when",
    "until",
    "retries",
    "delay",
    "block",
    "rescue",
    "always",
    "args",
    "become",
    "become_user",
    "become_method",
    "become_flags",
    "become_exe",
    "delegate_to",
    "run_once",
    "ignore_errors",
    "no_log",
    "check_mode",
    "diff",
    "loop",
    "loop_control",
    "async",
    "poll",
    "throttle",
    "timeout",
    "module_defaults",
    "collections",
    "connection",
    "port",
    "remote_user",
    "any_errors_fatal",
    "debugger",
    "delegate_facts",
    "ignore_unreachable",
};

/* Their modules are known by their short names. */
static const char *const collections[] = {
    "ansible.builtin.",  "ansible.legacy.",    "ansible.posix.",
    "community.docker.", "community.general.", "containers.podman.",
};

static const char *const task_lists[] = { "pre_tasks", "tasks",  "post_tasks", "handlers",
                                          "block",     "rescue", "always" };

static gboolean
is_module (const char *key)
{
    for (gsize i = 0; i < G_N_ELEMENTS (keywords); i++)
        if (strcmp (key, keywords[i]) == 0)
            return FALSE;
    return !g_str_has_prefix (key, "with_") && *key != '\0';
}

static const char *
short_name (const char *key)
{
    for (gsize i = 0; i < G_N_ELEMENTS (collections); i++)
        if (g_str_has_prefix (key, collections[i]))
            return key + strlen (collections[i]);
    return key;
}

/* Words of "src=a dest='b c' mode={{ x }}"; what stands in quotes or braces belongs together. */
static GPtrArray *
split_words (const char *text)
{
    GPtrArray *words = g_ptr_array_new_with_free_func (g_free);
    g_autoptr (GString) word = g_string_new (NULL);
    char quote = '\0';
    guint braces = 0;

    for (const char *p = text;; p++) {
        if (*p == '\0' || (quote == '\0' && braces == 0 && g_ascii_isspace (*p))) {
            if (word->len > 0)
                g_ptr_array_add (words, g_strdup (word->str));
            g_string_truncate (word, 0);
            if (*p == '\0')
                return words;
        } else if (quote == *p) {
            quote = '\0';
        } else if (quote == '\0' && braces == 0 && (*p == '"' || *p == '\'')) {
            quote = *p;
        } else {
            braces += *p == '{';
            braces -= *p == '}' && braces > 0;
            g_string_append_c (word, *p);
        }
    }
}

static YamlNode *
scalar_new (const YamlNode *at, const char *text, gsize length)
{
    YamlNode *node = g_new0 (YamlNode, 1);

    node->line = at->line;
    node->column = at->column;
    node->text = g_strndup (text, length);
    return node;
}

static YamlNode *
map_of_words (const YamlNode *scalar)
{
    g_autoptr (GPtrArray) words = split_words (scalar->text);
    YamlNode *map = g_new0 (YamlNode, 1);

    map->kind = YAML_NODE_MAP;
    map->line = scalar->line;
    map->column = scalar->column;
    map->keys = g_ptr_array_new_with_free_func ((GDestroyNotify)yaml_node_free);
    map->values = g_ptr_array_new_with_free_func ((GDestroyNotify)yaml_node_free);
    for (guint i = 0; i < words->len; i++) {
        const char *word = words->pdata[i];
        gsize length = strspn (word, "abcdefghijklmnopqrstuvwxyz_");

        if (length == 0 || word[length] != '=')
            continue;
        g_ptr_array_add (map->keys, scalar_new (scalar, word, length));
        g_ptr_array_add (map->values,
                         scalar_new (scalar, word + length + 1, strlen (word + length + 1)));
    }
    return map;
}

/* "action: apt name=x" and "action: {module: apt, name: x}" name the module in the value. */
static void
read_action (LintTask *task, const YamlNode *value, char **name)
{
    const YamlNode *module = value->kind == YAML_NODE_MAP ? field_find (value, "module") : NULL;

    if (value->kind == YAML_NODE_SCALAR) {
        gsize length = strcspn (value->text, " \t\n");

        *name = g_strndup (value->text, length);
        task->free_form = value->text + length;
    } else if (module != NULL && module->kind == YAML_NODE_SCALAR) {
        *name = g_strdup (module->text);
    }
}

static void
take_task (const YamlNode *map, const YamlNode *key, const YamlNode *value, const char *file,
           LintTaskFunc func, gpointer data)
{
    LintTask task = { .place = { file, key->line, key->column, map->line }, .key = key->text };
    const YamlNode *more = field_find (map, "args");
    g_autofree char *named = NULL;

    task.more = more != NULL && more->kind == YAML_NODE_MAP ? more : NULL;
    if (value->kind == YAML_NODE_MAP)
        task.args = value;
    else if (value->kind == YAML_NODE_SCALAR)
        task.free_form = value->text;
    if (strcmp (key->text, "action") == 0 || strcmp (key->text, "local_action") == 0)
        read_action (&task, value, &named);
    if (value->kind == YAML_NODE_SCALAR)
        task.args = task.built = map_of_words (value);
    task.key = named != NULL ? named : key->text;
    task.module = short_name (task.key);
    func (&task, data);
    yaml_node_free (task.built);
}

static void
walk_list (const YamlNode *list, const char *file, LintTaskFunc func, gpointer data)
{
    for (guint i = 0; list->kind == YAML_NODE_LIST && i < list->values->len; i++) {
        const YamlNode *map = list->values->pdata[i];
        gboolean play;

        if (map->kind != YAML_NODE_MAP)
            continue;
        play = field_find (map, "hosts") != NULL;
        for (gsize n = 0; n < G_N_ELEMENTS (task_lists); n++) {
            const YamlNode *inner = field_find (map, task_lists[n]);

            if (inner != NULL)
                walk_list (inner, file, func, data);
        }
        for (guint k = 0; !play && k < map->keys->len; k++) {
            const YamlNode *key = map->keys->pdata[k];

            if (is_module (key->text))
                take_task (map, key, map->values->pdata[k], file, func, data);
        }
    }
}

void
lint_task_walk (const YamlNode *documents, const char *file, LintTaskFunc func, gpointer data)
{
    for (guint i = 0; i < documents->values->len; i++)
        walk_list (documents->values->pdata[i], file, func, data);
}

const YamlNode *
lint_task_arg (const LintTask *task, const char *name)
{
    const YamlNode *own = task->args != NULL ? field_find (task->args, name) : NULL;

    return own != NULL || task->more == NULL ? own : field_find (task->more, name);
}

const char *
lint_task_text (const LintTask *task, const char *name)
{
    const YamlNode *node = lint_task_arg (task, name);

    return node != NULL && node->kind == YAML_NODE_SCALAR ? node->text : NULL;
}

gboolean
lint_task_is_true (const LintTask *task, const char *name)
{
    static const char *const words[] = { "true", "yes", "on", "1", "y", "t" };
    const char *text = lint_task_text (task, name);

    for (gsize i = 0; text != NULL && i < G_N_ELEMENTS (words); i++)
        if (g_ascii_strcasecmp (text, words[i]) == 0)
            return TRUE;
    return FALSE;
}

char *
lint_task_command (const LintTask *task)
{
    const char *text = lint_task_text (task, "cmd");
    const YamlNode *argv = lint_task_arg (task, "argv");
    g_autoptr (GString) joined = NULL;

    if (text == NULL)
        text = lint_task_text (task, "_raw_params");
    if (text == NULL && argv != NULL && argv->kind == YAML_NODE_LIST) {
        joined = g_string_new (NULL);
        for (guint i = 0; i < argv->values->len; i++) {
            const YamlNode *word = argv->values->pdata[i];
            g_autofree char *quoted =
                word->kind == YAML_NODE_SCALAR ? g_shell_quote (word->text) : g_strdup ("''");

            g_string_append_printf (joined, "%s ", quoted);
        }
        text = joined->str;
    }
    return g_strdup (text != NULL ? text : task->free_form);
}
