/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/compose.h"

#include "install/load.h"
#include "install/work.h"
#include "manifest/compose.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/json-out.h"
#include "manifest/limits.h"
#include "manifest/path.h"

#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <string.h>

#define PROBE_MILLISECONDS 30000
#define OVERRIDE "compose.json"

void
compose_tool_clear (ComposeTool *tool)
{
    g_clear_pointer (&tool->version, g_free);
}

static void
collect (const guint8 *bytes, gsize length, gpointer data)
{
    g_string_append_len (data, (const char *)bytes, (gssize)MIN (length, 256));
}

/* "1.29.2", "2.26.1-4", "v2.20.0" */
static gboolean
parse_version (const char *text, ComposeTool *tool)
{
    const char *at = g_str_has_prefix (text, "v") ? text + 1 : text;

    if (!g_ascii_isdigit (*at))
        return FALSE;
    tool->major = (guint)g_ascii_strtoull (at, NULL, 10);
    tool->version = g_strndup (at, strcspn (at, " \r\n"));
    return tool->major > 0;
}

static gboolean
probe (Run *run, gboolean plugin, ComposeTool *tool)
{
    static const char *const of_plugin[] = { "docker", "compose", "version", "--short", NULL };
    static const char *const of_program[] = { "docker-compose", "version", "--short", NULL };
    g_auto (GStrv) environment = work_environment (run);
    LauncherJob job = { plugin ? of_plugin : of_program, (const char *const *)environment, "/",
                        PROBE_MILLISECONDS };
    g_autoptr (GString) out = g_string_new (NULL);
    int status;

    tool->plugin = plugin;
    return launcher_run (run->launcher, &job, collect, out, &status, NULL) && status == 0 &&
           parse_version (out->str, tool);
}

gboolean
compose_find (Run *run, ComposeTool *tool, GError **error)
{
    return probe (run, TRUE, tool) || probe (run, FALSE, tool) ||
           fail (error, ERR_NOT_READY,
                 "'docker compose' or 'docker-compose', found neither (Debian's package is "
                 "docker-compose)");
}

static gboolean
read_files (const Run *run, int tree_fd, Compose *compose, GError **error)
{
    for (guint i = 0; i < run->release->compose->len; i++) {
        const ReleaseCompose *file = g_ptr_array_index (run->release->compose, i);
        g_autoptr (GBytes) text = file_read_below (tree_fd, file->path, LIMIT_YAML_BYTES, error);

        if (text == NULL || !compose_add (compose, text, file->path, run->release->version, error))
            return FALSE;
    }
    return TRUE;
}

static const StatementImage *
find_image (const Run *run, const char *name)
{
    g_autofree char *wanted = path_normalize_image_name (name);

    for (guint i = 0; i < run->statement->images->len; i++) {
        const StatementImage *image = g_ptr_array_index (run->statement->images, i);
        g_autofree char *full = path_normalize_image_name (image->name);

        if (strcmp (full, wanted) == 0)
            return image;
    }
    return NULL;
}

/* By ID: a name may be another image's by the time that compose looks. Files with a number in
 * `version` and an old compose know no pull_policy; an ID is nothing that could be pulled. */
static gboolean
add_service (const Run *run, const ComposeService *service, gboolean with_policy,
             JsonBuilder *builder, GError **error)
{
    const StatementImage *image = service->image != NULL ? find_image (run, service->image) : NULL;
    g_autofree char *id = NULL;

    if (image == NULL)
        return fail (error, ERR_FORMAT, "%s: service '%s' has no image that the release carries",
                     service->place, service->name);
    id = digest_to_text (load_image_id (run->engine, image));
    json_out_object (builder, service->name);
    json_out_text (builder, "image", id);
    if (with_policy)
        json_out_text (builder, "pull_policy", "never");
    json_builder_end_object (builder);
    return TRUE;
}

GBytes *
compose_override (const Run *run, int tree_fd, const ComposeTool *tool, GError **error)
{
    g_autoptr (Compose) compose = compose_new ();
    g_autoptr (JsonBuilder) builder = json_builder_new ();
    g_autoptr (JsonNode) root = NULL;
    char *text;

    if (!read_files (run, tree_fd, compose, error))
        return NULL;
    json_builder_begin_object (builder);
    json_out_text (builder, "version", compose->format);
    json_out_object (builder, "services");
    for (guint i = 0; i < compose->services->len; i++)
        if (!add_service (run, g_ptr_array_index (compose->services, i),
                          tool->major > 1 || compose->format == NULL, builder, error))
            return NULL;
    json_builder_end_object (builder);
    json_builder_end_object (builder);
    root = json_builder_get_root (builder);
    text = json_to_string (root, TRUE);
    return g_bytes_new_take (text, strlen (text));
}

/* The host's values and the release's facts. What names the program's own surroundings stays. */
static char **
make_environment (const Work *work)
{
    const Run *run = work->run;
    const Release *release = run->release;
    g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, release->release);
    g_autofree char *digest = digest_to_text (&run->digest);
    g_autofree char *tree = run_tree_path (run);
    const char *const facts[][2] = {
        { "HANDCARRY_PRODUCT", release->product },
        { "HANDCARRY_CHANNEL", release->channel },
        { "HANDCARRY_VERSION", release->version },
        { "HANDCARRY_RELEASE", number },
        { "HANDCARRY_DIGEST", digest },
        { "HANDCARRY_TREE", tree },
    };
    char **environment = work_environment (run);

    for (guint i = 0; i < run->values->len; i++) {
        const HostValue *value = g_ptr_array_index (run->values, i);

        environment = g_environ_setenv (environment, value->name, value->text, FALSE);
    }
    for (gsize i = 0; i < G_N_ELEMENTS (facts); i++)
        environment = g_environ_setenv (environment, facts[i][0], facts[i][1], TRUE);
    return environment;
}

static GPtrArray *
make_command (const Work *work, const ComposeTool *tool, const char *const *verb)
{
    const Release *release = work->run->release;
    GPtrArray *argv = g_ptr_array_new_with_free_func (g_free);

    if (tool->plugin)
        g_ptr_array_add (argv, g_strdup ("docker"));
    g_ptr_array_add (argv, g_strdup (tool->plugin ? "compose" : "docker-compose"));
    g_ptr_array_add (argv, g_strdup ("--project-name"));
    g_ptr_array_add (argv, g_strdup (release->product));
    /* Not the tree: a file named .env there would be read. */
    g_ptr_array_add (argv, g_strdup ("--project-directory"));
    g_ptr_array_add (argv, g_strdup (work->path));
    for (guint i = 0; i < release->compose->len; i++) {
        g_ptr_array_add (argv, g_strdup ("-f"));
        g_ptr_array_add (argv, g_strdup (((ReleaseCompose *)release->compose->pdata[i])->path));
    }
    g_ptr_array_add (argv, g_strdup ("-f"));
    g_ptr_array_add (argv, g_build_filename (work->path, OVERRIDE, NULL));
    for (; *verb != NULL; verb++)
        g_ptr_array_add (argv, g_strdup (*verb));
    g_ptr_array_add (argv, NULL);
    return argv;
}

static gboolean
judge (Work *work, int status, const char *what, const char *log, GError **error)
{
    g_autofree char *text = NULL;

    if (work->interrupted)
        return fail (error, ERR_FAILED, "(log: %s) compose %s was interrupted by a signal", log,
                     what);
    if (status == 0)
        return TRUE;
    text = last_lines_text (work->lines);
    return fail (error, ERR_FAILED, "(log: %s) compose %s ended with exit code %d%s%s", log, what,
                 status, *text != '\0' ? ":" : "", text);
}

static gboolean
run_compose (Run *run, const ComposeTool *tool, const char *const *verb, GError **error)
{
    g_auto (Work) work = WORK_INIT;
    g_autofree char *folder = run_folder (run);
    g_autofree char *name = g_strdup_printf ("%s-compose.log", folder);
    g_autofree char *log = work_log_path (run, name);
    g_autofree char *tree = run_tree_path (run);
    g_autoptr (GBytes) override = NULL;
    g_autoptr (GPtrArray) argv = NULL;
    g_auto (GStrv) environment = NULL;
    autofd int tree_fd = -1;
    int status;

    if (!work_open (&work, run, name, error))
        return FALSE;
    tree_fd = file_open_dir_given (tree, error);
    if (tree_fd >= 0)
        override = compose_override (run, tree_fd, tool, error);
    if (override == NULL || !work_write (&work, OVERRIDE, override, error))
        return FALSE;
    argv = make_command (&work, tool, verb);
    environment = make_environment (&work);
    return work_run (&work, (const char *const *)argv->pdata, environment, &status, error) &&
           judge (&work, status, *verb, log, error);
}

gboolean
compose_check (Run *run, GError **error)
{
    static const char *const config[] = { "config", "--quiet", NULL };
    g_auto (ComposeTool) tool = { 0 };

    return run->release->compose->len == 0 ||
           (compose_find (run, &tool, error) && run_compose (run, &tool, config, error));
}

gboolean
compose_up (Run *run, GError **error)
{
    static const char *const old[] = { "up", "-d", "--remove-orphans", "--no-build", NULL };
    static const char *const new[] = { "up",    "-d", "--remove-orphans", "--no-build", "--pull",
                                       "never", NULL };
    g_auto (ComposeTool) tool = { 0 };

    return run->release->compose->len == 0 ||
           (compose_find (run, &tool, error) &&
            run_compose (run, &tool, tool.major > 1 ? new : old, error));
}

gboolean
compose_down (Run *run, GError **error)
{
    static const char *const down[] = { "down", "--remove-orphans", NULL };
    g_auto (ComposeTool) tool = { 0 };

    return run->release->compose->len == 0 ||
           (compose_find (run, &tool, error) && run_compose (run, &tool, down, error));
}
