/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/base.h"
#include "bundle/verb-verify.h"
#include "install/host.h"
#include "keys/trust.h"
#include "manifest/error.h"
#include "manifest/path.h"
#include "manifest/json-out.h"
#include "manifest/verb-json.h"

#define HOST_TRUST "/etc/handcarry/trust"

typedef struct {
    VerbOutput output;
    char *trust, *site, *tmpdir;
    char **base;
    gboolean deep;
    int jobs;
    GPtrArray *bases; /* BaseBundle */
} VerifyOptions;

static void
options_clear (VerifyOptions *o)
{
    g_free (o->trust);
    g_free (o->site);
    g_free (o->tmpdir);
    g_strfreev (o->base);
    g_clear_pointer (&o->bases, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VerifyOptions, options_clear)

static gboolean
parse_options (int *argc, char ***argv, VerifyOptions *o, GError **error)
{
    const GOptionEntry entries[] = {
        { "deep", 0, 0, G_OPTION_ARG_NONE, &o->deep, "also rebuild every layer and file", NULL },
        { "base", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->base,
          "with --deep: what a delta was made against; may come again", "BUNDLE" },
        { "trust", 0, 0, G_OPTION_ARG_FILENAME, &o->trust, "trust root (" HOST_TRUST ")", "DIR" },
        { "site", 0, 0, G_OPTION_ARG_STRING, &o->site,
          "as at this site: roles for other sites need not vote; without it, and where the host's "
          "own trust root judges, as host.yaml says",
          "NAME" },
        { "jobs", 0, 0, G_OPTION_ARG_INT, &o->jobs, "threads", "N" },
        { "tmpdir", 0, 0, G_OPTION_ARG_FILENAME, &o->tmpdir, "for temporary files", "DIR" },
        { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
    };

    return verb_parse (argc, argv, "BUNDLE…",
                       "Proves the signatures and every frame of bundles against the trust root.",
                       entries, &o->output, TRUE, error);
}

/* The bases need no signature of their own: each layer that is made of them is proven. */
static gboolean
check_deep (const VerifyOptions *o, Bundle *bundle, Progress *progress, GError **error)
{
    g_autoptr (BundleBases) bases = NULL;
    g_autofree char *from = packing_made_from (bundle_packing (bundle));
    gboolean ok;

    if (packing_is_delta (bundle_packing (bundle)) && o->bases->len == 0)
        return fail (error, ERR_BASE_MISSING,
                     "%s: it is a delta, made from %s: give what it was made against with --base "
                     "BUNDLE",
                     bundle_path (bundle), from);
    bases = bundle_bases_new (o->bases, bundle_packing (bundle));
    bundle_bases_lend (bases, bundle);
    ok = bundle_check_deep (bundle, o->tmpdir, progress, error);
    bundle_bases_lend (NULL, bundle);
    return ok;
}

static gboolean
check (const VerifyOptions *o, Bundle *bundle, GError **error)
{
    g_autoptr (Progress) progress = verb_progress_new (&o->output);
    guint jobs = o->jobs > 0 ? (guint)o->jobs : g_get_num_processors ();

    return bundle_check_frames (bundle, jobs, progress, error) &&
           (!o->deep || check_deep (o, bundle, progress, error));
}

static gboolean
verify_one (const VerifyOptions *o, const char *path, const TrustRoot *trust, JsonBuilder *builder,
            GError **error)
{
    g_autoptr (VoteReport) report = vote_report_new ();
    g_autoptr (GError) problem = NULL;
    g_autoptr (VerifiedBundle) verified = bundle_open_verified (path, trust, report, &problem);
    Bundle *bundle = verified != NULL ? verified_bundle_get (verified) : NULL;

    if (bundle != NULL)
        check (o, bundle, &problem);
    if (builder != NULL) {
        verb_verify_json (builder, path, bundle, report, problem);
    } else if (problem == NULL) {
        verb_verify_good (&o->output, path, bundle, report, o->deep);
    } else {
        g_autofree char *shown = error_quote (path);

        verb_print (&o->output, "%s: %s\n", shown,
                    problem->code == ERR_BASE_MISSING ? "NOT PROVEN" : "NOT GOOD");
        verb_verify_votes (&o->output, report);
    }
    if (problem == NULL)
        return TRUE;
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
}

static gboolean
open_bases (VerifyOptions *o, GError **error)
{
    g_autoptr (Progress) progress = verb_progress_new (&o->output);

    o->bases = base_bundles_open (o->deep ? o->base : NULL, o->tmpdir, progress, error);
    return o->bases != NULL;
}

/* The site decides who must have voted: the host's own, where its own trust root judges. */
static TrustRoot *
load_trust (const VerifyOptions *o, GError **error)
{
    g_autoptr (TrustRoot) trust = trust_load (o->trust != NULL ? o->trust : HOST_TRUST, error);
    g_autoptr (Host) host = NULL;

    if (trust == NULL)
        return NULL;
    if (o->site == NULL && o->trust == NULL && (host = host_open (NULL, FALSE, error)) == NULL)
        return NULL;
    trust_set_site (trust, host != NULL ? host->site : o->site);
    return g_steal_pointer (&trust);
}

static int
run (const VerifyOptions *o, char **paths, GError **error)
{
    g_autoptr (TrustRoot) trust = load_trust (o, error);
    g_autoptr (JsonBuilder) builder = NULL;
    int status = 0;

    if (trust == NULL)
        return error_exit_status (*error);
    if (o->output.json) {
        builder = json_builder_new ();
        json_builder_begin_object (builder);
        json_out_text (builder, "schema", "handcarry-verify-1");
        json_builder_set_member_name (builder, "bundles");
        json_builder_begin_array (builder);
    }
    for (; *paths != NULL; paths++) {
        g_autoptr (GError) problem = NULL;

        if (verify_one (o, *paths, trust, builder, &problem))
            continue;
        if (status == 0)
            status = error_exit_status (problem);
        if (*error == NULL)
            g_propagate_error (error, g_steal_pointer (&problem));
        else if (builder == NULL)
            verb_warn ("%s", problem->message);
    }
    if (builder != NULL) {
        json_builder_end_array (builder);
        json_builder_end_object (builder);
        verb_json_print (builder);
    }
    return status;
}

int
verb_verify (int argc, char **argv, GError **error)
{
    g_auto (VerifyOptions) o = { 0 };

    if (!parse_options (&argc, &argv, &o, error))
        return error_exit_status (*error);
    if (argc < 2) {
        fail (error, ERR_USAGE, "verify takes one bundle or more");
        return ERR_USAGE;
    }
    if (o.site != NULL && !path_check_product (o.site, error)) {
        fail_prefix (error, "--site");
        return ERR_USAGE;
    }
    if (!open_bases (&o, error))
        return error_exit_status (*error);
    return run (&o, argv + 1, error);
}
