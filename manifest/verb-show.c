/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/verb-show.h"
#include "manifest/verb.h"

#include <string.h>
#include <unistd.h>

typedef struct {
    char *raw;
    gboolean packages, sbom, provenance;
    VerbOutput output;
} ShowOptions;

static void
options_clear (ShowOptions *options)
{
    g_free (options->raw);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ShowOptions, options_clear)

static gboolean
parse_options (int *argc, char ***argv, ShowOptions *options, GError **error)
{
    const GOptionEntry entries[] = {
        { "raw", 0, 0, G_OPTION_ARG_STRING, &options->raw,
          "print the exact signed bytes of a text: statement or packing", "TEXT" },
        { "packages", 0, 0, G_OPTION_ARG_NONE, &options->packages,
          "also the packages of each image", NULL },
        { "sbom", 0, 0, G_OPTION_ARG_NONE, &options->sbom,
          "print the exact bytes of an image's SBOM; IMAGE says which, where there are several",
          NULL },
        { "provenance", 0, 0, G_OPTION_ARG_NONE, &options->provenance,
          "print the exact bytes of what it says about its making", NULL },
        { NULL },
    };

    if (!verb_parse (argc, argv, "BUNDLE [IMAGE]",
                     "Shows what is in a bundle. No signature is checked here: 'handcarry verify' "
                     "does that.",
                     entries, &options->output, TRUE, error))
        return FALSE;
    if (*argc != 2 && !(options->sbom && *argc == 3))
        return fail (error, ERR_USAGE, "show: name one bundle%s",
                     options->sbom ? ", and perhaps one image" : "");
    if (options->raw != NULL && strcmp (options->raw, "statement") != 0 &&
        strcmp (options->raw, "packing") != 0)
        return fail (error, ERR_USAGE, "show: --raw is 'statement' or 'packing'");
    if (options->raw != NULL && options->output.json)
        return fail (error, ERR_USAGE, "show: --raw and --json do not go together");
    if (options->raw != NULL && options->packages)
        return fail (error, ERR_USAGE, "show: --raw and --packages do not go together");
    if (options->sbom && (options->raw != NULL || options->output.json || options->packages))
        return fail (error, ERR_USAGE,
                     "show: --sbom prints one file, and does not go with --raw, --json, "
                     "--packages");
    if (options->provenance &&
        (options->raw != NULL || options->output.json || options->packages || options->sbom))
        return fail (error, ERR_USAGE,
                     "show: --provenance prints one file, and does not go with --raw, --json, "
                     "--packages, --sbom");
    return TRUE;
}

static gboolean
print_bytes (GBytes *text, GError **error)
{
    gsize length;
    gconstpointer data = g_bytes_get_data (text, &length);

    return file_write_all (STDOUT_FILENO, "stdout", data, length, error);
}

static gboolean
print_raw (const Bundle *bundle, const char *which, GError **error)
{
    GBytes *text = strcmp (which, "statement") == 0 ? bundle_statement_text (bundle)
                                                    : bundle_packing_text (bundle);

    return print_bytes (text, error);
}

static gboolean
print_provenance (Bundle *bundle, GError **error)
{
    g_autoptr (GBytes) text = bundle_read_provenance_text (bundle, error);

    if (text == NULL)
        return fail_prefix (error, "%s", bundle_path (bundle));
    return print_bytes (text, error);
}

/* Whoever only wants to see what a damaged bundle was gets the rest. */
static Provenance *
read_provenance (Bundle *bundle)
{
    g_autoptr (GError) error = NULL;
    Provenance *provenance = bundle_read_provenance (bundle, &error);
    g_autofree char *message = provenance == NULL ? error_clean (error->message) : NULL;

    if (message != NULL)
        verb_warn ("%s: cannot read its provenance: %s", bundle_path (bundle), message);
    return provenance;
}

static void
free_list (gpointer list)
{
    package_list_free (list);
}

static GPtrArray *
read_packages (Bundle *bundle, GError **error)
{
    const GPtrArray *images = bundle_statement (bundle)->images;
    g_autoptr (GPtrArray) lists = g_ptr_array_new_with_free_func (free_list);

    for (guint i = 0; i < images->len; i++) {
        const StatementImage *image = images->pdata[i];
        PackageList *list = bundle_read_packages (bundle, image, error);

        if (list == NULL)
            return fail_prefix (error, "%s: image '%s'", bundle_path (bundle), image->name), NULL;
        g_ptr_array_add (lists, list);
    }
    return g_steal_pointer (&lists);
}

int
verb_show (int argc, char **argv, GError **error)
{
    g_auto (ShowOptions) options = { 0 };
    g_autoptr (Bundle) bundle = NULL;
    g_autoptr (GPtrArray) packages = NULL;
    g_autoptr (Provenance) provenance = NULL;
    ShowInput input;

    if (!parse_options (&argc, &argv, &options, error))
        return error_exit_status (*error);
    bundle = bundle_open (argv[1], error);
    if (bundle == NULL)
        return error_exit_status (*error);
    bundle_read_apart (bundle);
    if (options.raw != NULL)
        return print_raw (bundle, options.raw, error) ? 0 : error_exit_status (*error);
    if (options.sbom)
        return show_print_sbom (bundle, argv[2], error) ? 0 : error_exit_status (*error);
    if (options.provenance)
        return print_provenance (bundle, error) ? 0 : error_exit_status (*error);
    if (options.packages) {
        packages = read_packages (bundle, error);
        if (packages == NULL)
            return error_exit_status (*error);
    }
    provenance = read_provenance (bundle);
    input = (ShowInput){ .statement = bundle_statement (bundle),
                         .packing = bundle_packing (bundle),
                         .release_digest = *bundle_release_digest (bundle),
                         .file_bytes = bundle_file_bytes (bundle),
                         .packages = packages,
                         .provenance = provenance };
    if (options.output.json)
        show_print_json (&input);
    else if (!options.output.quiet)
        show_print_text (&input);
    return 0;
}
