/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/extract.h"
#include "keys/trust.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/verb.h"

#include <json-glib/json-glib.h>
#include <stdio.h>

typedef struct {
    VerbOutput output;
    char *oci, *tree, *sbom, *trust, *tmpdir;
    char **base;
} ExtractOptions;

static void
options_clear (ExtractOptions *o)
{
    g_free (o->oci);
    g_free (o->tree);
    g_free (o->sbom);
    g_free (o->trust);
    g_free (o->tmpdir);
    g_strfreev (o->base);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ExtractOptions, options_clear)

static gboolean
parse_options (int *argc, char ***argv, ExtractOptions *o, GError **error)
{
    const GOptionEntry entries[] = {
        { "oci", 0, 0, G_OPTION_ARG_FILENAME, &o->oci,
          "write the images as an OCI layout: skopeo copy oci:DIR:NAME …", "DIR" },
        { "tree", 0, 0, G_OPTION_ARG_FILENAME, &o->tree,
          "write playbooks, configs and files as they were", "DIR" },
        { "sbom", 0, 0, G_OPTION_ARG_FILENAME, &o->sbom,
          "write the SBOM of each image, named by its config digest", "DIR" },
        { "base", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->base,
          "what a delta was made against; may come again", "BUNDLE" },
        { "trust", 0, 0, G_OPTION_ARG_FILENAME, &o->trust,
          "prove the signatures against this trust root first", "DIR" },
        { "tmpdir", 0, 0, G_OPTION_ARG_FILENAME, &o->tmpdir, "for temporary files", "DIR" },
        { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
    };

    return verb_parse (argc, argv, "BUNDLE [--oci=DIR] [--tree=DIR] [--sbom=DIR]",
                       "Takes everything out of a bundle again, without an engine. Each DIR must "
                       "be empty or not there yet.",
                       entries, &o->output, TRUE, error);
}

static void
add_text (JsonBuilder *builder, const char *name, const char *text)
{
    json_builder_set_member_name (builder, name);
    if (text == NULL)
        json_builder_add_null_value (builder);
    else
        json_builder_add_string_value (builder, text);
}

static void
print_json (const ExtractOptions *o, const Bundle *bundle)
{
    const Statement *statement = bundle_statement (bundle);
    g_autofree char *digest = digest_to_text (bundle_release_digest (bundle));
    g_autoptr (JsonBuilder) builder = json_builder_new ();
    g_autoptr (JsonNode) root = NULL;
    g_autofree char *text = NULL;

    json_builder_begin_object (builder);
    add_text (builder, "schema", "handcarry.extract/1");
    json_builder_set_member_name (builder, "changed");
    json_builder_add_boolean_value (builder, TRUE);
    json_builder_set_member_name (builder, "verified");
    json_builder_add_boolean_value (builder, o->trust != NULL);
    add_text (builder, "release_digest", digest);
    add_text (builder, "oci", o->oci);
    add_text (builder, "tree", o->tree);
    add_text (builder, "sbom", o->sbom);
    json_builder_set_member_name (builder, "images");
    json_builder_begin_array (builder);
    for (guint i = 0; i < statement->images->len; i++)
        json_builder_add_string_value (
            builder, ((StatementImage *)g_ptr_array_index (statement->images, i))->name);
    json_builder_end_array (builder);
    json_builder_set_member_name (builder, "tree_files");
    json_builder_add_int_value (builder, (gint64)statement->tree_files);
    json_builder_end_object (builder);
    root = json_builder_get_root (builder);
    text = json_to_string (root, TRUE);
    say ("%s\n", text);
}

static void
print_result (const ExtractOptions *o, const Bundle *bundle)
{
    const Statement *statement = bundle_statement (bundle);

    if (o->tree != NULL)
        verb_print (&o->output, "%s: %" G_GUINT64_FORMAT " files of the tree\n", o->tree,
                    statement->tree_files);
    for (guint i = 0; o->oci != NULL && i < statement->images->len; i++)
        verb_print (&o->output, "oci:%s:%s\n", o->oci,
                    ((StatementImage *)g_ptr_array_index (statement->images, i))->name);
    for (guint i = 0; o->sbom != NULL && i < statement->images->len; i++) {
        const StatementImage *image = g_ptr_array_index (statement->images, i);
        g_autofree char *name = extract_sbom_name (image);

        verb_print (&o->output, "%s/%s: SBOM of %s\n", o->sbom, name, image->name);
    }
}

/* Opening a base unpacks its layers: only where something is read from it. */
static GPtrArray *
open_bases (const ExtractOptions *o, const Bundle *bundle, Progress *progress, GError **error)
{
    gboolean needed =
        o->oci != NULL || (o->tree != NULL && bundle_packing (bundle)->tree_left_out.files > 0);

    return base_bundles_open (needed ? o->base : NULL, o->tmpdir, progress, error);
}

/* All folders are looked at before anything is written to one of them. */
static gboolean
extract (const ExtractOptions *o, Bundle *bundle, GError **error)
{
    g_autoptr (Progress) progress = verb_progress_new (&o->output);
    g_autoptr (GPtrArray) bases = NULL;
    autofd int tree = -1, oci = -1, sbom = -1;

    if (o->tree != NULL && (tree = extract_open_dir (o->tree, error)) < 0)
        return FALSE;
    if (o->oci != NULL && (oci = extract_open_dir (o->oci, error)) < 0)
        return FALSE;
    if (o->sbom != NULL && (sbom = extract_open_dir (o->sbom, error)) < 0)
        return FALSE;
    bases = open_bases (o, bundle, progress, error);
    if (bases == NULL)
        return FALSE;
    if (tree >= 0 && !extract_tree (bundle, bases, tree, progress, error))
        return fail_prefix (error, "'%s' is incomplete", o->tree);
    if (oci >= 0 && !extract_oci (bundle, bases, oci, o->tmpdir, progress, error))
        return fail_prefix (error, "'%s' is incomplete", o->oci);
    if (sbom >= 0 && !extract_sboms (bundle, sbom, error))
        return fail_prefix (error, "'%s' is incomplete", o->sbom);
    g_clear_pointer (&progress, verb_progress_free);
    if (o->output.json)
        print_json (o, bundle);
    else
        print_result (o, bundle);
    return TRUE;
}

static gboolean
extract_verified (const ExtractOptions *o, const char *path, GError **error)
{
    g_autoptr (VoteReport) report = vote_report_new ();
    g_autoptr (TrustRoot) trust = trust_load (o->trust, error);
    g_autoptr (VerifiedBundle) verified = NULL;

    if (trust == NULL)
        return FALSE;
    verified = bundle_open_verified (path, trust, report, error);
    if (verified == NULL)
        return FALSE;
    if (!o->output.json)
        verb_print (&o->output, "signatures proven against %s\n", o->trust);
    return extract (o, verified_bundle_get (verified), error);
}

static gboolean
extract_unverified (const ExtractOptions *o, const char *path, GError **error)
{
    g_autoptr (Bundle) bundle = bundle_open (path, error);

    if (bundle == NULL)
        return FALSE;
    bundle_read_apart (bundle);
    if (!o->output.json)
        verb_print (&o->output,
                    "NOT VERIFIED: nobody's signature was looked at; --trust DIR does that\n");
    return extract (o, bundle, error);
}

int
verb_extract (int argc, char **argv, GError **error)
{
    g_auto (ExtractOptions) o = { 0 };
    gboolean ok;

    if (!parse_options (&argc, &argv, &o, error))
        return error_exit_status (*error);
    if (argc != 2) {
        fail (error, ERR_USAGE, "extract takes one bundle");
        return ERR_USAGE;
    }
    if (o.oci == NULL && o.tree == NULL && o.sbom == NULL) {
        fail (error, ERR_USAGE, "extract needs --oci DIR, --tree DIR, --sbom DIR or several");
        return ERR_USAGE;
    }
    ok = o.trust != NULL ? extract_verified (&o, argv[1], error)
                         : extract_unverified (&o, argv[1], error);
    return ok ? 0 : error_exit_status (*error);
}
