/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/report.h"
#include "keys/trust-folder.h"
#include "manifest/error.h"
#include "manifest/json-out.h"
#include "manifest/message.h"
#include "manifest/verb-json.h"
#include "manifest/verb.h"

typedef struct {
    VerbOutput output;
    char *file, *trust;
    char **base;
    int jobs;
} Options;

static void
options_clear (Options *o)
{
    g_free (o->file);
    g_free (o->trust);
    g_strfreev (o->base);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
parse_options (int *argc, char ***argv, Options *o, GError **error)
{
    const GOptionEntry entries[] = {
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &o->file,
          "the page (report.html); a report that is there already is replaced, nothing else",
          "FILE" },
        { "base", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->base,
          "show what changes against this bundle or have file; may come again", "BUNDLE|HAVE" },
        { "trust", 0, 0, G_OPTION_ARG_FILENAME, &o->trust,
          "the trust root that judges; default: trust/ here or beside the bundle, where there is "
          "one",
          "DIR" },
        { "jobs", 0, 0, G_OPTION_ARG_INT, &o->jobs, "threads", "N" },
        { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
    };

    if (!verb_parse (argc, argv, "BUNDLE [--base=BUNDLE|HAVE]… [-o FILE]",
                     "Writes a page about a bundle, to be looked at, printed and signed by hand: "
                     "what is carried, for which hosts, what changes, who has signed and who has "
                     "not, and the digests, also as QR codes. One HTML file without scripts that "
                     "loads nothing.\nThe exit status is 0 also where signatures are missing: the "
                     "page says so in large letters. 'handcarry verify' judges.",
                     entries, &o->output, TRUE, error))
        return FALSE;
    if (*argc != 2)
        return fail (error, ERR_USAGE, "report takes one bundle");
    if (o->jobs < 0 || o->jobs > 256)
        return fail (error, ERR_USAGE, "--jobs is %d, but goes from 1 to 256", o->jobs);
    return TRUE;
}

/* NULL where there is none. */
static char *
choose_trust (const char *given, const char *bundle)
{
    g_autofree char *dir = g_path_get_dirname (bundle);
    g_autofree char *beside = g_build_filename (dir, "trust", NULL);

    if (given != NULL)
        return g_strdup (given);
    if (trust_folder_has_root ("trust"))
        return g_strdup ("trust");
    return trust_folder_has_root (beside) ? g_steal_pointer (&beside) : NULL;
}

static void
print_json (const Report *report, const char *file)
{
    static const char *const verdicts[] = { "not-checked", "missing", "refused", "complete" };
    g_autoptr (JsonBuilder) builder = json_builder_new ();

    json_builder_begin_object (builder);
    json_out_text (builder, "schema", "handcarry-report-1");
    json_out_flag (builder, "changed", TRUE);
    json_out_text (builder, "file", file);
    json_out_digest (builder, "release_digest", bundle_release_digest (report->bundle));
    json_out_digest (builder, "file_digest", &report->digest);
    json_out_text (builder, "signatures", verdicts[report->verdict]);
    json_out_text (builder, "why", report->why);
    json_builder_end_object (builder);
    verb_json_print (builder);
}

static void
print_text (const VerbOutput *output, const Report *report, const char *file)
{
    static const char *const verdicts[] = {
        "NOT VERIFIED: no trust root was there; --trust DIR names one", N_ ("MISSING"),
        N_ ("REFUSED"), N_ ("complete")
    };
    g_autofree char *release = digest_to_text (bundle_release_digest (report->bundle));
    g_autofree char *digest = digest_to_text (&report->digest);

    verb_print (output, "report      %s\nrelease     %s\nfile        %s\nsignatures  %s", file,
                release, digest, verdicts[report->verdict]);
    verb_print (output, "%s%s\n", report->why != NULL ? ": " : "",
                report->why != NULL ? report->why : "");
}

static gboolean
run (const Options *o, const char *bundle, GError **error)
{
    g_autoptr (Progress) progress = verb_progress_new (&o->output);
    g_autofree char *trust = choose_trust (o->trust, bundle);
    const char *file = o->file != NULL ? o->file : "report.html";
    const ReportOptions options = {
        .bundle = bundle,
        .trust = trust,
        .bases = o->base,
        .jobs = o->jobs > 0 ? (guint)o->jobs : g_get_num_processors (),
        .progress = progress,
    };
    g_autoptr (Report) report = report_gather (&options, error);
    g_autoptr (GBytes) page = report != NULL ? report_write (report, error) : NULL;

    if (page == NULL || !report_store (page, file, error))
        return FALSE;
    g_clear_pointer (&progress, verb_progress_free);
    if (o->output.json)
        print_json (report, file);
    else
        print_text (&o->output, report, file);
    return TRUE;
}

int
verb_report (int argc, char **argv, GError **error)
{
    g_auto (Options) o = { 0 };

    if (!parse_options (&argc, &argv, &o, error) || !run (&o, argv[1], error))
        return error_exit_status (*error);
    return 0;
}
