/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/bundle.h"
#include "keys/trust.h"
#include "manifest/error.h"
#include "manifest/verb.h"

#include <json-glib/json-glib.h>
#include <stdio.h>

#define HOST_TRUST "/etc/handcarry/trust"

typedef struct {
    VerbOutput output;
    char *trust, *tmpdir;
    gboolean deep;
    int jobs;
} VerifyOptions;

static void
options_clear (VerifyOptions *o)
{
    g_free (o->trust);
    g_free (o->tmpdir);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VerifyOptions, options_clear)

static gboolean
parse_options (int *argc, char ***argv, VerifyOptions *o, GError **error)
{
    const GOptionEntry entries[] = {
        { "deep", 0, 0, G_OPTION_ARG_NONE, &o->deep, "also rebuild every layer and file", NULL },
        { "trust", 0, 0, G_OPTION_ARG_FILENAME, &o->trust, "trust root (" HOST_TRUST ")", "DIR" },
        { "jobs", 0, 0, G_OPTION_ARG_INT, &o->jobs, "threads", "N" },
        { "tmpdir", 0, 0, G_OPTION_ARG_FILENAME, &o->tmpdir, "for temporary files", "DIR" },
        { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
    };

    return verb_parse (argc, argv, "BUNDLE…",
                       "Proves the signatures and every frame of bundles against the trust root.",
                       entries, &o->output, TRUE, error);
}

static char *
join (const GPtrArray *names)
{
    GString *out = g_string_new (NULL);

    for (guint i = 0; i < names->len; i++)
        g_string_append_printf (out, "%s%s", i > 0 ? ", " : "", (char *)names->pdata[i]);
    return g_string_free (out, FALSE);
}

static void
print_votes (const VerifyOptions *o, const VoteReport *report)
{
    for (guint i = 0; i < report->roles->len; i++) {
        const RoleVotes *role = report->roles->pdata[i];
        g_autofree char *voted = join (role->voted);
        g_autofree char *missing = join (role->missing);

        verb_print (&o->output, "  role %-8s %u of %u needed: %s\n", role->role, role->voted->len,
                    role->threshold, role->voted->len > 0 ? voted : "nobody");
        if (role->voted->len < role->threshold)
            verb_print (&o->output, "                missing: %s\n", missing);
    }
    for (guint i = 0; i < report->ignored->len; i++)
        verb_print (&o->output, "  not counted: %s\n", (char *)report->ignored->pdata[i]);
}

static void
print_good (const VerifyOptions *o, const char *path, const Bundle *bundle,
            const VoteReport *report)
{
    const Statement *statement = bundle_statement (bundle);
    g_autofree char *digest = digest_to_text (bundle_release_digest (bundle));

    verb_print (&o->output, "%s: good\n", path);
    verb_print (&o->output, "  %s %s, channel %s, release number %" G_GUINT64_FORMAT "\n",
                statement->release->product, statement->release->version,
                statement->release->channel, statement->release->release);
    verb_print (&o->output, "  release digest %s\n", digest);
    print_votes (o, report);
    verb_print (&o->output, "  %s\n",
                o->deep ? "every frame, layer, config and file proven" : "every frame proven");
}

static void
add_names (JsonBuilder *builder, const char *name, const GPtrArray *names)
{
    json_builder_set_member_name (builder, name);
    json_builder_begin_array (builder);
    for (guint i = 0; i < names->len; i++)
        json_builder_add_string_value (builder, names->pdata[i]);
    json_builder_end_array (builder);
}

static void
add_votes (JsonBuilder *builder, const VoteReport *report)
{
    json_builder_set_member_name (builder, "roles");
    json_builder_begin_array (builder);
    for (guint i = 0; i < report->roles->len; i++) {
        const RoleVotes *role = report->roles->pdata[i];

        json_builder_begin_object (builder);
        json_builder_set_member_name (builder, "role");
        json_builder_add_string_value (builder, role->role);
        json_builder_set_member_name (builder, "threshold");
        json_builder_add_int_value (builder, role->threshold);
        add_names (builder, "voted", role->voted);
        add_names (builder, "missing", role->missing);
        json_builder_end_object (builder);
    }
    json_builder_end_array (builder);
    add_names (builder, "not_counted", report->ignored);
}

static void
add_bundle (JsonBuilder *builder, const char *path, const Bundle *bundle, const VoteReport *report,
            const GError *error)
{
    json_builder_begin_object (builder);
    json_builder_set_member_name (builder, "file");
    json_builder_add_string_value (builder, path);
    json_builder_set_member_name (builder, "good");
    json_builder_add_boolean_value (builder, error == NULL);
    if (error != NULL) {
        json_builder_set_member_name (builder, "error");
        json_builder_add_string_value (builder, error->message);
    }
    if (bundle != NULL) {
        const Release *release = bundle_statement (bundle)->release;
        g_autofree char *digest = digest_to_text (bundle_release_digest (bundle));

        json_builder_set_member_name (builder, "product");
        json_builder_add_string_value (builder, release->product);
        json_builder_set_member_name (builder, "channel");
        json_builder_add_string_value (builder, release->channel);
        json_builder_set_member_name (builder, "version");
        json_builder_add_string_value (builder, release->version);
        json_builder_set_member_name (builder, "release");
        json_builder_add_int_value (builder, (gint64)release->release);
        json_builder_set_member_name (builder, "release_digest");
        json_builder_add_string_value (builder, digest);
    }
    add_votes (builder, report);
    json_builder_end_object (builder);
}

static gboolean
check (const VerifyOptions *o, Bundle *bundle, GError **error)
{
    g_autoptr (Progress) progress = verb_progress_new (&o->output);
    guint jobs = o->jobs > 0 ? (guint)o->jobs : g_get_num_processors ();

    return bundle_check_frames (bundle, jobs, progress, error) &&
           (!o->deep || bundle_check_deep (bundle, o->tmpdir, progress, error));
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
        add_bundle (builder, path, bundle, report, problem);
    } else if (problem == NULL) {
        print_good (o, path, bundle, report);
    } else {
        verb_print (&o->output, "%s: NOT GOOD\n", path);
        print_votes (o, report);
    }
    if (problem == NULL)
        return TRUE;
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
}

static int
run (const VerifyOptions *o, char **paths, GError **error)
{
    const char *dir = o->trust != NULL ? o->trust : HOST_TRUST;
    g_autoptr (TrustRoot) trust = trust_load (dir, error);
    g_autoptr (JsonBuilder) builder = NULL;
    int status = 0;

    if (trust == NULL)
        return error_exit_status (*error);
    if (o->output.json) {
        builder = json_builder_new ();
        json_builder_begin_object (builder);
        json_builder_set_member_name (builder, "schema");
        json_builder_add_string_value (builder, "handcarry-verify-1");
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
    }
    if (builder != NULL) {
        g_autoptr (JsonNode) root = NULL;
        g_autofree char *text = NULL;

        json_builder_end_array (builder);
        json_builder_end_object (builder);
        root = json_builder_get_root (builder);
        text = json_to_string (root, TRUE);
        printf ("%s\n", text);
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
    return run (&o, argv + 1, error);
}
