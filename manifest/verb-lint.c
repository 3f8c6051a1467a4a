/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/compose.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/lint.h"
#include "manifest/verb.h"

#include <json-glib/json-glib.h>
#include <stdio.h>

typedef struct {
    gboolean strict;
    char *version;
    gint64 release;
    VerbOutput output;
} LintOptions;

typedef struct {
    GPtrArray *problems, *warnings;
    Release *release; /* NULL where the text itself is wrong */
} LintResult;

static void
result_clear (LintResult *result)
{
    g_ptr_array_unref (result->problems);
    g_ptr_array_unref (result->warnings);
    release_free (result->release);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LintResult, result_clear)

static void
options_clear (LintOptions *options)
{
    g_free (options->version);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LintOptions, options_clear)

static void
check_compose (LintResult *result, int dirfd)
{
    g_autoptr (Compose) compose =
        release_read_compose_files (result->release, dirfd, result->problems, NULL);

    if (compose == NULL)
        g_debug ("%u problems with the compose files", result->problems->len);
}

static gboolean
lint (const char *path, const LintOptions *options, LintResult *result, GError **error)
{
    const ReleaseOverrides overrides = { options->version, (guint64)options->release };
    g_autoptr (GBytes) text = file_read_given (path, LIMIT_YAML_BYTES, error);
    g_autofree char *name = NULL;
    autofd int dirfd = -1;

    if (text == NULL)
        return FALSE;
    result->release = release_parse_authored (text, path, &overrides, result->problems, NULL);
    if (result->release == NULL)
        return TRUE;
    dirfd = file_open_parent (path, &name, error);
    if (dirfd < 0)
        return FALSE;
    if (!release_check_folder (result->release, dirfd, result->problems, NULL))
        g_debug ("%u problems in the folder", result->problems->len);
    check_compose (result, dirfd);
    lint_plays (result->release, dirfd, result->warnings);
    lint_secrets (result->release, dirfd, result->warnings);
    return TRUE;
}

/* "NAME:LINE:COLUMN: message" taken apart. */
static void
add_json_line (JsonBuilder *builder, const char *severity, const char *line)
{
    g_autoptr (GRegex) regex = g_regex_new ("^(.*?):(\\d+):(\\d+): (.*)$", G_REGEX_DOTALL, 0, NULL);
    g_autoptr (GMatchInfo) match = NULL;
    static const char *const members[] = { "file", "line", "column", "message" };
    gboolean placed = g_regex_match (regex, line, 0, &match);

    json_builder_begin_object (builder);
    json_builder_set_member_name (builder, "severity");
    json_builder_add_string_value (builder, severity);
    for (guint i = 0; placed && i < G_N_ELEMENTS (members); i++) {
        g_autofree char *text = g_match_info_fetch (match, (gint)i + 1);

        json_builder_set_member_name (builder, members[i]);
        if (i == 1 || i == 2)
            json_builder_add_int_value (builder, g_ascii_strtoll (text, NULL, 10));
        else
            json_builder_add_string_value (builder, text);
    }
    if (!placed) {
        json_builder_set_member_name (builder, "message");
        json_builder_add_string_value (builder, line);
    }
    json_builder_end_object (builder);
}

static void
print_json (const LintResult *result, gboolean passed)
{
    g_autoptr (JsonBuilder) builder = json_builder_new ();
    g_autoptr (JsonNode) root = NULL;
    g_autofree char *text = NULL;

    json_builder_begin_object (builder);
    json_builder_set_member_name (builder, "schema");
    json_builder_add_string_value (builder, "handcarry-lint-1");
    json_builder_set_member_name (builder, "passed");
    json_builder_add_boolean_value (builder, passed);
    json_builder_set_member_name (builder, "problems");
    json_builder_begin_array (builder);
    for (guint i = 0; i < result->problems->len; i++)
        add_json_line (builder, "error", result->problems->pdata[i]);
    for (guint i = 0; i < result->warnings->len; i++)
        add_json_line (builder, "warning", result->warnings->pdata[i]);
    json_builder_end_array (builder);
    json_builder_end_object (builder);
    root = json_builder_get_root (builder);
    text = json_to_string (root, TRUE);
    printf ("%s\n", text);
}

/* "a.yml:1:2: message" becomes "a.yml:1:2: warning: message". */
static char *
mark_warning (const char *line)
{
    g_autoptr (GRegex) regex = g_regex_new ("^(.*?:\\d+:\\d+: )", 0, 0, NULL);
    char *marked = g_regex_replace (regex, line, -1, 0, "\\1warning: ", 0, NULL);

    return marked != NULL ? marked : g_strdup (line);
}

static void
print_lines (const char *path, const LintResult *result, const LintOptions *options)
{
    const Release *release = result->release;

    for (guint i = 0; i < result->problems->len; i++)
        printf ("%s\n", (const char *)result->problems->pdata[i]);
    for (guint i = 0; i < result->warnings->len; i++) {
        g_autofree char *line = mark_warning (result->warnings->pdata[i]);

        if (options->strict || !options->output.quiet)
            printf ("%s\n", line);
    }
    if (result->problems->len > 0 || release == NULL)
        verb_print (&options->output, "%s: %u problems, %u warnings\n", path, result->problems->len,
                    result->warnings->len);
    else
        verb_print (&options->output,
                    "%s: %s %s, release %" G_GUINT64_FORMAT
                    ": images %u, playbooks %u, configs %u, files %u, warnings %u\n",
                    path, release->product, release->version, release->release,
                    release->images->len, release->playbooks->len, release->configs->len,
                    release->files->len, result->warnings->len);
}

static gboolean
parse_options (int *argc, char ***argv, LintOptions *options, GError **error)
{
    const GOptionEntry entries[] = {
        { "strict", 0, 0, G_OPTION_ARG_NONE, &options->strict, "warnings are failures too", NULL },
        { "version", 0, 0, G_OPTION_ARG_STRING, &options->version,
          "check with this version instead of the file's", "V" },
        { "release", 0, 0, G_OPTION_ARG_INT64, &options->release,
          "check with this release number instead of the file's", "N" },
        { NULL },
    };

    if (!verb_parse (argc, argv, "RELEASE.yaml",
                     "Checks a release file and what it carries. Every problem has its line and "
                     "column. Ends with 3 where there is one.",
                     entries, &options->output, TRUE, error))
        return FALSE;
    if (*argc != 2)
        return fail (error, ERR_USAGE, "lint: name one file, such as release.yaml");
    if (options->release < 0)
        return fail (error, ERR_USAGE, "lint: --release: a release number is not negative");
    return TRUE;
}

int
verb_lint (int argc, char **argv, GError **error)
{
    g_auto (LintOptions) options = { 0 };
    g_auto (LintResult) result = { .problems = g_ptr_array_new_with_free_func (g_free),
                                   .warnings = g_ptr_array_new_with_free_func (g_free) };
    gboolean passed;

    if (!parse_options (&argc, &argv, &options, error) || !lint (argv[1], &options, &result, error))
        return error_exit_status (*error);
    passed = result.problems->len == 0 && (result.warnings->len == 0 || !options.strict);
    if (options.output.json)
        print_json (&result, passed);
    else
        print_lines (argv[1], &result, &options);
    return passed ? 0 : ERR_FORMAT;
}
