/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/lint-task.h"
#include "manifest/lint-text.h"

#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/yaml-loose.h"

#include <string.h>

/* Files of tasks beside playbooks, and those of collections, which only count where a playbook
 * names them: NAMESPACE, COLLECTION, and the role or the playbook. */
#define OWN                                                                                        \
    "(^|/)(tasks|handlers)/.*\\.ya?ml$|"                                                           \
    "(^|/)roles/[^/]+/(?!vars/|defaults/|meta/|files/|templates/|library/).*\\.ya?ml$"
#define COLLECTED                                                                                  \
    "(?:^|/)ansible_collections/([^/]+)/([^/]+)/"                                                  \
    "(?:roles/([^/]+)/(?:tasks|handlers)/.*|playbooks/([^/]+))\\.ya?ml$"
#define VAULT "$ANSIBLE_VAULT;"
#define NOT_RUN "(^|/)(molecule|tests)/"

typedef struct {
    const char *path;
    GBytes *text;
    YamlNode *documents; /* NULL: no YAML */
} TaskFile;

typedef struct {
    Lint *lint;
    LintSources sources;
} TaskLint;

static void
task_file_free (gpointer data)
{
    TaskFile *file = data;

    g_bytes_unref (file->text);
    yaml_node_free (file->documents);
    g_free (file);
}

static void
take_file (Lint *lint, GPtrArray *files, const char *path, GBytes *text)
{
    g_autoptr (GError) error = NULL;
    const LintPlace place = { path, 1, 1, 0 };
    TaskFile *file;
    gsize size;
    const char *bytes = g_bytes_get_data (text, &size);

    if (size >= strlen (VAULT) && memcmp (bytes, VAULT, strlen (VAULT)) == 0) {
        lint_note (lint, &place, "its tasks were not checked: it is encrypted");
        return;
    }
    file = g_new0 (TaskFile, 1);
    file->path = path;
    file->text = g_bytes_ref (text);
    file->documents = yaml_parse_loose (text, path, &error);
    if (file->documents == NULL)
        lint_add_not_yaml (lint, path, error);
    g_ptr_array_add (files, file);
}

static void
add_file (Lint *lint, GPtrArray *files, const char *path)
{
    g_autoptr (GBytes) text = file_read_below (lint->dirfd, path, LIMIT_YAML_BYTES, NULL);
    const LintPlace place = { path, 1, 1, 0 };

    if (text != NULL)
        take_file (lint, files, path, text);
    else
        lint_note (lint, &place, "its tasks were not checked: it is longer than 1 MiB");
}

static gboolean
is_playbook (const Lint *lint, const char *path)
{
    for (guint i = 0; i < lint->release->playbooks->len; i++)
        if (strcmp (((ReleasePlaybook *)lint->release->playbooks->pdata[i])->path, path) == 0)
            return TRUE;
    return FALSE;
}

/* "ns.name.role" of a file in a collection, or NULL. */
static char *
collected_name (const GRegex *regex, const char *path)
{
    g_autoptr (GMatchInfo) match = NULL;
    g_autofree char *space = NULL, *collection = NULL, *role = NULL;

    if (!g_regex_match (regex, path, 0, &match))
        return NULL;
    space = g_match_info_fetch (match, 1);
    collection = g_match_info_fetch (match, 2);
    role = g_match_info_fetch (match, g_match_info_get_match_count (match) - 1);
    return g_strdup_printf ("%s.%s.%s", space, collection, role);
}

static gboolean
is_named (const GPtrArray *files, const char *name)
{
    for (guint i = 0; i < files->len; i++) {
        const TaskFile *file = files->pdata[i];
        gsize size;
        const char *bytes = g_bytes_get_data (file->text, &size);

        if (bytes != NULL && g_strstr_len (bytes, (gssize)size, name) != NULL)
            return TRUE;
    }
    return FALSE;
}

/* The names of the files, without folders, that a task includes. */
static void
note_included (const LintTask *task, gpointer names)
{
    static const char *const modules[] = { "include_tasks", "import_tasks", "import_playbook",
                                           "include" };

    for (gsize i = 0; i < G_N_ELEMENTS (modules); i++) {
        const char *file = lint_task_text (task, "file");

        if (strcmp (task->module, modules[i]) != 0)
            continue;
        file = file != NULL ? file : task->free_form;
        if (file != NULL)
            g_hash_table_add (names, g_path_get_basename (file));
    }
}

typedef struct {
    GRegex *collected;
    GHashTable *taken;    /* set of paths */
    GHashTable *included; /* set of char * */
} Following;

static gboolean
is_followed (const Following *following, const GPtrArray *files, const char *path)
{
    g_autofree char *base = g_path_get_basename (path), *name = NULL;

    if (strstr (path, "ansible_collections/") == NULL)
        return g_hash_table_contains (following->included, base);
    name = collected_name (following->collected, path);
    return name != NULL && is_named (files, name);
}

/* What is included from elsewhere, and roles of collections; either may lead to more. */
static void
follow (Lint *lint, GPtrArray *files)
{
    g_autoptr (GRegex) collected = g_regex_new (COLLECTED, G_REGEX_RAW, 0, NULL);
    g_autoptr (GHashTable) taken = g_hash_table_new (g_str_hash, g_str_equal);
    g_autoptr (GHashTable) included = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    const Following following = { collected, taken, included };
    guint seen = 0;

    while (seen < files->len) {
        for (; seen < files->len; seen++) {
            const TaskFile *file = files->pdata[seen];

            g_hash_table_add (taken, (gpointer)file->path);
            if (file->documents != NULL)
                lint_task_walk (file->documents, file->path, note_included, included);
        }
        for (guint i = 0; i < lint->paths->len; i++) {
            const char *path = lint->paths->pdata[i];

            if (g_regex_match_simple ("\\.ya?ml$", path, 0, 0) &&
                !g_hash_table_contains (taken, path) && is_followed (&following, files, path))
                add_file (lint, files, path);
        }
    }
}

static GPtrArray *
list_files (Lint *lint)
{
    g_autoptr (GRegex) own = g_regex_new (OWN, G_REGEX_RAW, 0, NULL);
    g_autoptr (GRegex) not_run = g_regex_new (NOT_RUN, G_REGEX_RAW, 0, NULL);
    GPtrArray *files = g_ptr_array_new_with_free_func (task_file_free);

    if (lint->release->playbooks->len == 0)
        return files;
    for (guint i = 0; i < lint->paths->len; i++) {
        const char *path = lint->paths->pdata[i];

        if (is_playbook (lint, path) ||
            (g_regex_match (own, path, 0, NULL) && !g_regex_match (not_run, path, 0, NULL) &&
             strstr (path, "ansible_collections/") == NULL))
            add_file (lint, files, path);
    }
    follow (lint, files);
    return files;
}

static gboolean
names_file (const LintTask *task, const char *argument)
{
    const YamlNode *node = lint_task_arg (task, argument);

    if (node == NULL || node->kind == YAML_NODE_MAP)
        return FALSE;
    if (node->kind == YAML_NODE_SCALAR)
        return strstr (node->text, "file:/") != NULL;
    for (guint i = 0; i < node->values->len; i++) {
        const YamlNode *item = node->values->pdata[i];

        if (item->kind == YAML_NODE_SCALAR && strstr (item->text, "file:/") != NULL)
            return TRUE;
    }
    return FALSE;
}

/* What must be known of all tasks before any is judged. */
static void
learn (const LintTask *task, gpointer data)
{
    TaskLint *look = data;
    const char *dest = lint_task_text (task, "dest");
    gboolean content = names_file (task, "content");

    if (strcmp (task->module, "add_host") == 0 || strcmp (task->module, "group_by") == 0)
        look->lint->adds_hosts = TRUE;
    if ((strcmp (task->module, "apt_repository") == 0 && names_file (task, "repo")) ||
        (strcmp (task->module, "deb822_repository") == 0 && names_file (task, "uris")) ||
        (content && dest != NULL && g_str_has_prefix (dest, "/etc/apt/")))
        look->sources.apt = TRUE;
    if ((strcmp (task->module, "yum_repository") == 0 && names_file (task, "baseurl")) ||
        (content && dest != NULL && g_str_has_prefix (dest, "/etc/yum.repos.d/")))
        look->sources.yum = TRUE;
}

static void
check_mode (Lint *lint, const LintTask *task, const char *name)
{
    const YamlNode *node = lint_task_arg (task, name);
    LintPlace place = task->place;
    g_autofree char *shown = NULL;

    if (node == NULL || node->kind != YAML_NODE_SCALAR || lint_is_template (node->text))
        return;
    place.line = node->line;
    place.column = node->column;
    shown = error_quote (node->text);
    if (node->plain && g_regex_match_simple ("^[1-7][0-7]{2,3}$", node->text, 0, 0))
        lint_add (lint, LINT_MODE_NUMBER, &place, "%s %s is the number that octal writes %04o",
                  name, shown, (guint)g_ascii_strtoull (node->text, NULL, 10));
    else if (lint_mode_is_open (node->text))
        lint_add (lint, LINT_WORLD_WRITABLE, &place, "'%s' sets %s %s", task->key, name, shown);
}

static void
check_command_mode (Lint *lint, const LintTask *task)
{
    g_autofree char *text = lint_task_command (task);
    g_autofree char *mode = text != NULL ? lint_command_mode (text) : NULL;
    g_autofree char *shown = mode != NULL ? error_quote (mode) : NULL;

    if (mode != NULL)
        lint_add (lint, LINT_WORLD_WRITABLE, &task->place, "'%s' runs 'chmod %s'", task->key,
                  shown);
}

static void
check_task (const LintTask *task, gpointer data)
{
    TaskLint *look = data;
    g_autofree char *reached = lint_task_network (task, &look->sources, look->lint->release);
    g_autofree char *key = error_quote (task->key);
    const char *platform = lint_task_text (task, "platform");

    if (reached != NULL)
        lint_add (look->lint, LINT_NETWORK, &task->place, "'%s' %s", key, reached);
    check_mode (look->lint, task, "mode");
    check_mode (look->lint, task, "directory_mode");
    if (strcmp (task->module, "shell") == 0 || strcmp (task->module, "command") == 0)
        check_command_mode (look->lint, task);
    if (platform != NULL && (strcmp (task->module, "docker_container") == 0 ||
                             strcmp (task->module, "podman_container") == 0))
        lint_platform_named (look->lint, &task->place, "the container", platform);
}

static void
check_files (Lint *lint, const GPtrArray *files)
{
    TaskLint look = { .lint = lint };
    static const LintTaskFunc passes[] = { learn, check_task };

    for (gsize pass = 0; pass < G_N_ELEMENTS (passes); pass++)
        for (guint i = 0; i < files->len; i++) {
            const TaskFile *file = files->pdata[i];

            if (file->documents != NULL)
                lint_task_walk (file->documents, file->path, passes[pass], &look);
        }
}

void
lint_tasks_read (Lint *lint, const char *path, GBytes *text)
{
    g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (task_file_free);

    take_file (lint, files, path, text);
    check_files (lint, files);
}

void
lint_tasks (Lint *lint)
{
    g_autoptr (GPtrArray) files = list_files (lint);

    check_files (lint, files);
}
