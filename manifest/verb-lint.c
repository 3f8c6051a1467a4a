/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/collect-tree.h"
#include "bundle/lint-platforms.h"
#include "manifest/compose.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/verb-lint.h"
#include "manifest/message.h"

typedef struct {
    gboolean strict, rules;
    char *version;
    gint64 release;
    VerbOutput output;
} LintOptions;

/* What a LintResult borrows. */
typedef struct {
    GBytes *text;
    GPtrArray *paths;
    int dirfd;
} LintInput;

static void
input_clear (LintInput *input)
{
    g_clear_pointer (&input->text, g_bytes_unref);
    g_clear_pointer (&input->paths, g_ptr_array_unref);
    file_clear_fd (&input->dirfd);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LintInput, input_clear)

static void
result_clear (LintResult *result)
{
    g_ptr_array_unref (result->problems);
    lint_clear (&result->lint);
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

/* The files that would be carried; where they cannot be listed, the rules have nothing to look at.
 */
static gboolean
list_files (LintInput *input, LintResult *result)
{
    g_autoptr (GError) error = NULL;

    if (!release_check_folder (result->release, input->dirfd, result->problems, NULL))
        return FALSE;
    input->paths = collect_tree_paths (result->release, input->dirfd, &error);
    if (input->paths == NULL)
        g_ptr_array_add (result->problems,
                         message_printf ("%s:1:1: %s", result->release->file, error->message));
    return input->paths != NULL;
}

static gboolean
lint (const char *path, const LintOptions *options, LintInput *input, LintResult *result,
      GError **error)
{
    const ReleaseOverrides overrides = { options->version, (guint64)options->release, NULL };
    g_autofree char *name = NULL;

    input->text = file_read_given (path, LIMIT_YAML_BYTES, error);
    if (input->text == NULL)
        return FALSE;
    result->release =
        release_parse_authored (input->text, path, &overrides, result->problems, NULL);
    if (result->release == NULL)
        return TRUE;
    input->dirfd = file_open_parent (path, &name, error);
    if (input->dirfd < 0)
        return FALSE;
    check_compose (result, input->dirfd);
    if (!list_files (input, result))
        return TRUE;
    lint_init (&result->lint, result->release, input->text, input->dirfd, input->paths,
               result->problems);
    lint_texts (&result->lint);
    lint_tasks (&result->lint);
    lint_plays (&result->lint);
    lint_images (&result->lint);
    lint_platforms (&result->lint);
    lint_modes (&result->lint);
    lint_finish (&result->lint);
    return TRUE;
}

static gboolean
parse_options (int *argc, char ***argv, LintOptions *options, GError **error)
{
    const GOptionEntry entries[] = {
        { "strict", 0, 0, G_OPTION_ARG_NONE, &options->strict, "warnings are failures too", NULL },
        { "rules", 0, 0, G_OPTION_ARG_NONE, &options->rules,
          "list what is looked for, and take no file", NULL },
        { "version", 0, 0, G_OPTION_ARG_STRING, &options->version,
          "check with this version instead of the file's", "V" },
        { "release", 0, 0, G_OPTION_ARG_INT64, &options->release,
          "check with this release number instead of the file's", "N" },
        { NULL },
    };

    if (!verb_parse (argc, argv, "RELEASE.yaml",
                     "Checks a release file and what it carries. Every problem has its line and "
                     "column. Ends with 3 where there is one. A warning that is meant is allowed "
                     "by a comment on its line or above it: '# handcarry: allow RULE: REASON'.",
                     entries, &options->output, TRUE, error))
        return FALSE;
    if (*argc != (options->rules ? 1 : 2))
        return fail (error, ERR_USAGE,
                     options->rules ? "lint: --rules takes no file"
                                    : "lint: name one file, such as release.yaml");
    if (options->release < 0)
        return fail (error, ERR_USAGE, "lint: --release: a release number is not negative");
    return TRUE;
}

int
verb_lint (int argc, char **argv, GError **error)
{
    g_auto (LintOptions) options = { 0 };
    g_auto (LintInput) input = { .dirfd = -1 };
    g_auto (LintResult) result = { .problems = g_ptr_array_new_with_free_func (g_free) };

    if (!parse_options (&argc, &argv, &options, error))
        return error_exit_status (*error);
    if (options.rules) {
        verb_lint_rules (&options.output);
        return 0;
    }
    if (!lint (argv[1], &options, &input, &result, error))
        return error_exit_status (*error);
    result.passed = result.problems->len == 0 && (!options.strict || result.lint.findings == NULL ||
                                                  lint_count (&result.lint) == 0);
    if (options.output.json)
        verb_lint_json (&result);
    else
        verb_lint_text (&options.output, argv[1], &result, options.strict);
    return result.passed ? 0 : ERR_FORMAT;
}
