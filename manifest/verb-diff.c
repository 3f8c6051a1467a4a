/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/verb-diff-bytes.h"
#include "manifest/verb-diff-text.h"

#include "bundle/compare-tree.h"
#include "manifest/error.h"
#include "manifest/verb.h"

#define DIFFERENT 1 /* as cmp has it */

typedef struct {
    gboolean files, bytes, packages;
    VerbOutput output;
} DiffOptions;

static gboolean
parse_options (int *argc, char ***argv, DiffOptions *options, GError **error)
{
    const GOptionEntry entries[] = {
        { "files", 0, 0, G_OPTION_ARG_NONE, &options->files,
          "also the files of the trees and of changed images: rebuilds their layers, which reads "
          "both bundles; a delta needs its base beside it",
          NULL },
        { "packages", 0, 0, G_OPTION_ARG_NONE, &options->packages,
          "what this fixes: only the packages that change, image by image", NULL },
        { "bytes", 0, 0, G_OPTION_ARG_NONE, &options->bytes,
          "are two bundles the same file? If not, where and why not; exit status 1", NULL },
        { NULL },
    };

    if (!verb_parse (argc, argv, "A B",
                     "Shows what B has otherwise than A: release, images, layers, packages, "
                     "tree, bytes. Each is a bundle or a have file (*.have). No "
                     "signature is checked here: 'handcarry verify' does that.\nThe exit status "
                     "is 0 also where they differ, but with --bytes.",
                     entries, &options->output, TRUE, error))
        return FALSE;
    if (*argc != 3)
        return fail (error, ERR_USAGE, "diff: name two files, each a bundle or a have file");
    if (options->bytes + options->files + options->packages > 1)
        return fail (error, ERR_USAGE, "diff: --bytes, --files and --packages do not go together");
    return TRUE;
}

static gboolean
compare (Diff *diff, char **paths, const DiffOptions *options, GError **error)
{
    g_autoptr (Progress) progress = verb_progress_new (&options->output);

    if (!compare_side_open (&diff->sides[0], paths[0], error) ||
        !compare_side_open (&diff->sides[1], paths[1], error))
        return FALSE;
    compare_releases (diff);
    compare_images (diff);
    return compare_packages (diff, error) &&
           (!options->files ||
            (compare_trees (diff, progress, error) && compare_files (diff, progress, error)));
}

int
verb_diff (int argc, char **argv, GError **error)
{
    DiffOptions options = { 0 };
    gboolean same;
    g_auto (Diff) diff = { 0 };

    if (!parse_options (&argc, &argv, &options, error))
        return error_exit_status (*error);
    if (options.bytes)
        return !diff_bytes (argv + 1, &options.output, &same, error) ? error_exit_status (*error)
               : same                                                ? 0
                                                                     : DIFFERENT;
    if (!compare (&diff, argv + 1, &options, error))
        return error_exit_status (*error);
    if (options.output.json)
        diff_print_json (&diff);
    else if (options.packages && !options.output.quiet)
        diff_print_fixes (&diff);
    else if (!options.output.quiet)
        diff_print_text (&diff);
    return 0;
}
