/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/error.h"
#include "manifest/limits.h"
#include "manifest/path.h"
#include "manifest/release-internal.h"

#include <string.h>

#define DEFAULT_MODE 0644

const char *const release_playbook_runs[] = { "before", "install", "undo", "remove", NULL };
const char *const release_conflicts[] = { "keep", "replace", "fail", NULL };

gboolean
release_check_pattern (FieldReader *reader, const YamlNode *node, const char *text,
                       const char *pattern, const char *expected)
{
    g_autofree char *whole = g_strconcat ("\\A(?:", pattern, ")\\z", NULL);
    g_autofree char *shown = NULL;

    if (g_regex_match_simple (whole, text, 0, 0))
        return TRUE;
    shown = error_quote (text);
    field_problem (reader, node, "'%s' is not %s", shown, expected);
    return FALSE;
}

void
release_read_names (FieldReader *reader, const YamlNode *node, char ***target, const char *pattern,
                    const char *expected)
{
    g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

    field_texts (reader, node, target);
    for (guint i = 0; node->kind == YAML_NODE_LIST && i < node->values->len; i++) {
        const YamlNode *item = node->values->pdata[i];

        if (item->kind != YAML_NODE_SCALAR || *item->text == '\0' ||
            !release_check_pattern (reader, item, item->text, pattern, expected))
            continue;
        if (!g_hash_table_add (seen, item->text))
            field_problem (reader, item, "'%s' appears twice", item->text);
    }
}

static void
read_word (FieldReader *reader, const YamlNode *node, const char *const *words, guint *value)
{
    const char *text = field_scalar (reader, node);
    g_autofree char *all = g_strjoinv (", ", (char **)words);
    g_autofree char *shown = NULL;

    if (text == NULL)
        return;
    for (guint i = 0; words[i] != NULL; i++) {
        if (strcmp (words[i], text) == 0) {
            *value = i;
            return;
        }
    }
    shown = error_quote (text);
    field_problem (reader, node, "'%s' is none of: %s", shown, all);
}

static void
read_value_name (FieldReader *reader, const YamlNode *node, gpointer target)
{
    const char *text = field_scalar (reader, node);

    if (text == NULL ||
        !release_check_pattern (reader, node, text, "[A-Za-z_][A-Za-z0-9_]{0,63}",
                                "a name of letters, digits and '_' that begins with a letter"))
        return;
    *(char **)target = g_strdup (text);
}

static void
read_free_text (FieldReader *reader, const YamlNode *node, gpointer target)
{
    const char *text = field_free_text (reader, node);

    if (text != NULL)
        *(char **)target = g_strdup (text);
}

static gboolean
is_taken (const GPtrArray *items, const char *name)
{
    /* The name is the first member of values and images. */
    for (guint i = 0; i < items->len; i++) {
        const char *other = *(char *const *)items->pdata[i];

        if (other != NULL && strcmp (other, name) == 0)
            return TRUE;
    }
    return FALSE;
}

static void
read_value (FieldReader *reader, const YamlNode *node, gpointer target)
{
    static const Field fields[] = {
        { "name", read_value_name, G_STRUCT_OFFSET (ReleaseValue, name), FIELD_REQUIRED },
        { "description", field_text, G_STRUCT_OFFSET (ReleaseValue, description) },
        { "default", read_free_text, G_STRUCT_OFFSET (ReleaseValue, fallback) },
        { "secret", field_flag, G_STRUCT_OFFSET (ReleaseValue, secret) },
        { NULL },
    };
    ReleaseValue *value = g_new0 (ReleaseValue, 1);
    GPtrArray *values = target;

    field_read_map (reader, node, fields, value);
    if (value->name != NULL && is_taken (values, value->name))
        field_problem (reader, node, "the value '%s' is declared twice", value->name);
    if (value->secret && value->fallback != NULL)
        field_problem (reader, node,
                       "a secret has a default, which everybody who has the bundle "
                       "could read; leave the default out");
    g_ptr_array_add (values, value);
}

void
release_read_values (FieldReader *reader, const YamlNode *node, gpointer target)
{
    field_read_list (reader, node, RELEASE_LIMIT_ITEMS, read_value, *(GPtrArray **)target);
}

/* Nothing but ${version} is filled in; a "${" that stays would look as if something else were. */
static char *
expand (FieldReader *reader, const YamlNode *node)
{
    const char *text = field_scalar (reader, node);
    g_auto (GStrv) parts = NULL;
    g_autofree char *full = NULL;

    if (text == NULL)
        return NULL;
    parts = g_strsplit (text, "${version}", -1);
    full = g_strjoinv (reader->version, parts);
    for (char **part = parts; *part != NULL; part++) {
        if (strstr (*part, "${") == NULL)
            continue;
        field_problem (reader, node, "only ${version} is filled in here");
        return NULL;
    }
    return g_steal_pointer (&full);
}

static void
read_image_name (FieldReader *reader, const YamlNode *node, gpointer target)
{
    g_autofree char *name = expand (reader, node);

    if (name != NULL && field_check (reader, node, name, path_check_image_name))
        *(char **)target = g_steal_pointer (&name);
}

static void
read_image_source (FieldReader *reader, const YamlNode *node, gpointer target)
{
    static const char *const transports[] = { "docker://", "docker-daemon:", "docker-archive:",
                                              "oci:", "oci-archive:" };
    g_autofree char *from = expand (reader, node);
    g_autofree char *shown = NULL;

    if (from == NULL)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS (transports); i++) {
        if (g_str_has_prefix (from, transports[i]) && from[strlen (transports[i])] != '\0') {
            *(char **)target = g_steal_pointer (&from);
            return;
        }
    }
    shown = error_quote (from);
    field_problem (reader, node,
                   "'%s' is no image source: docker://HOST/NAME:TAG, docker-daemon:NAME:TAG, "
                   "docker-archive:FILE, oci:DIR or oci-archive:FILE",
                   shown);
}

static void
read_tree_path (FieldReader *reader, const YamlNode *node, gpointer target)
{
    const char *text = field_scalar (reader, node);

    if (text != NULL && field_check (reader, node, text, path_check_relative))
        *(char **)target = g_strdup (text);
}

static void
read_sbom (FieldReader *reader, const YamlNode *node, gpointer target)
{
    ReleaseImage *image = target;

    read_tree_path (reader, node, &image->sbom);
    image->sbom_line = node->line;
    image->sbom_column = node->column;
}

static void
read_image (FieldReader *reader, const YamlNode *node, gpointer target)
{
    static const Field fields[] = {
        { "name", read_image_name, G_STRUCT_OFFSET (ReleaseImage, name), FIELD_REQUIRED },
        { "from", read_image_source, G_STRUCT_OFFSET (ReleaseImage, from), FIELD_REQUIRED },
        { "sbom", read_sbom, 0, FIELD_AUTHORED },
        { "ansible", field_flag, G_STRUCT_OFFSET (ReleaseImage, ansible) },
        { NULL },
    };
    ReleaseImage *image = g_new0 (ReleaseImage, 1);
    GPtrArray *images = target;

    field_read_map (reader, node, fields, image);
    g_ptr_array_add (images, image);
}

void
release_read_images (FieldReader *reader, const YamlNode *node, gpointer target)
{
    field_read_list (reader, node, LIMIT_IMAGES, read_image, *(GPtrArray **)target);
}

static void
read_host_path (FieldReader *reader, const YamlNode *node, gpointer target)
{
    const char *text = field_scalar (reader, node);

    if (text != NULL && field_check (reader, node, text, path_check_absolute))
        *(char **)target = g_strdup (text);
}

static void
read_run (FieldReader *reader, const YamlNode *node, gpointer target)
{
    guint run = PLAYBOOK_INSTALL;

    read_word (reader, node, release_playbook_runs, &run);
    *(PlaybookRun *)target = (PlaybookRun)run;
}

static void
read_playbook (FieldReader *reader, const YamlNode *node, gpointer target)
{
    static const Field fields[] = {
        { "path", read_tree_path, G_STRUCT_OFFSET (ReleasePlaybook, path), FIELD_REQUIRED },
        { "run", read_run, G_STRUCT_OFFSET (ReleasePlaybook, run), FIELD_REQUIRED },
        { "inventory", read_tree_path, G_STRUCT_OFFSET (ReleasePlaybook, inventory) },
        { NULL },
    };
    ReleasePlaybook *playbook = g_new0 (ReleasePlaybook, 1);

    playbook->run = PLAYBOOK_INSTALL;
    playbook->line = reader->sealed ? 0 : node->line;
    field_read_map (reader, node, fields, playbook);
    g_ptr_array_add (target, playbook);
}

void
release_read_playbooks (FieldReader *reader, const YamlNode *node, gpointer target)
{
    field_read_list (reader, node, RELEASE_LIMIT_ITEMS, read_playbook, *(GPtrArray **)target);
}

static void
read_compose_file (FieldReader *reader, const YamlNode *node, gpointer target)
{
    static const Field fields[] = {
        { "path", read_tree_path, G_STRUCT_OFFSET (ReleaseCompose, path), FIELD_REQUIRED },
        { NULL },
    };
    ReleaseCompose *compose = g_new0 (ReleaseCompose, 1);

    compose->line = reader->sealed ? 0 : node->line;
    field_read_map (reader, node, fields, compose);
    g_ptr_array_add (target, compose);
}

void
release_read_compose (FieldReader *reader, const YamlNode *node, gpointer target)
{
    field_read_list (reader, node, RELEASE_LIMIT_ITEMS, read_compose_file, *(GPtrArray **)target);
}

static void
read_mode (FieldReader *reader, const YamlNode *node, gpointer target)
{
    const char *text = field_scalar (reader, node);

    if (text != NULL && release_check_pattern (reader, node, text, "0[0-7]{3}",
                                               "a mode of four octal digits that begin with 0, "
                                               "such as \"0644\""))
        *(guint *)target = (guint)g_ascii_strtoull (text, NULL, 8);
}

static void
read_owner (FieldReader *reader, const YamlNode *node, gpointer target)
{
    const char *text = field_scalar (reader, node);

    if (text == NULL || !release_check_pattern (reader, node, text,
                                                "[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}:"
                                                "[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}",
                                                "an owner such as root:root"))
        return;
    g_free (*(char **)target);
    *(char **)target = g_strdup (text);
}

static void
read_on_conflict (FieldReader *reader, const YamlNode *node, gpointer target)
{
    guint value = CONFLICT_KEEP;

    read_word (reader, node, release_conflicts, &value);
    *(ConfigConflict *)target = (ConfigConflict)value;
}

static void
read_config (FieldReader *reader, const YamlNode *node, gpointer target)
{
    static const Field fields[] = {
        { "from", read_tree_path, G_STRUCT_OFFSET (ReleaseConfig, from), FIELD_REQUIRED },
        { "to", read_host_path, G_STRUCT_OFFSET (ReleaseConfig, to), FIELD_REQUIRED },
        { "template", field_flag, G_STRUCT_OFFSET (ReleaseConfig, template),
          FIELD_REQUIRED_SEALED },
        { "mode", read_mode, G_STRUCT_OFFSET (ReleaseConfig, mode), FIELD_REQUIRED_SEALED },
        { "owner", read_owner, G_STRUCT_OFFSET (ReleaseConfig, owner), FIELD_REQUIRED_SEALED },
        { "on-conflict", read_on_conflict, G_STRUCT_OFFSET (ReleaseConfig, on_conflict),
          FIELD_REQUIRED_SEALED },
        { NULL },
    };
    ReleaseConfig *config = g_new0 (ReleaseConfig, 1);

    config->mode = DEFAULT_MODE;
    config->owner = g_strdup ("root:root");
    config->line = reader->sealed ? 0 : node->line;
    field_read_map (reader, node, fields, config);
    g_ptr_array_add (target, config);
}

void
release_read_configs (FieldReader *reader, const YamlNode *node, gpointer target)
{
    field_read_list (reader, node, RELEASE_LIMIT_ITEMS, read_config, *(GPtrArray **)target);
}

/* A final "/" says that a folder is meant; the rest is a path like others. */
static void
read_folder_path (FieldReader *reader, const YamlNode *node, char **target,
                  gboolean (*check) (const char *path, GError **error))
{
    const char *text = field_scalar (reader, node);
    g_autofree char *bare = g_strdup (text);

    if (text == NULL)
        return;
    if (strlen (bare) > 1 && g_str_has_suffix (bare, "/"))
        bare[strlen (bare) - 1] = '\0';
    if (field_check (reader, node, bare, check))
        *target = g_strdup (text);
}

static void
read_folder_from (FieldReader *reader, const YamlNode *node, gpointer target)
{
    read_folder_path (reader, node, target, path_check_relative);
}

static void
read_folder_to (FieldReader *reader, const YamlNode *node, gpointer target)
{
    read_folder_path (reader, node, target, path_check_absolute);
}

static void
read_files_item (FieldReader *reader, const YamlNode *node, gpointer target)
{
    static const Field fields[] = {
        { "from", read_folder_from, G_STRUCT_OFFSET (ReleaseFiles, from), FIELD_REQUIRED },
        { "to", read_folder_to, G_STRUCT_OFFSET (ReleaseFiles, to), FIELD_REQUIRED },
        { NULL },
    };
    ReleaseFiles *files = g_new0 (ReleaseFiles, 1);

    files->line = reader->sealed ? 0 : node->line;
    field_read_map (reader, node, fields, files);
    if (files->from != NULL && files->to != NULL &&
        g_str_has_suffix (files->from, "/") != g_str_has_suffix (files->to, "/"))
        field_problem (reader, node,
                       "'from' and 'to' must both end with '/' (a folder) or neither "
                       "(a file)");
    g_ptr_array_add (target, files);
}

void
release_read_files (FieldReader *reader, const YamlNode *node, gpointer target)
{
    field_read_list (reader, node, RELEASE_LIMIT_ITEMS, read_files_item, *(GPtrArray **)target);
}
