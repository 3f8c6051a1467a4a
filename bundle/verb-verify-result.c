/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/verb-verify.h"

#include "manifest/error.h"
#include "manifest/json-out.h"
#include "manifest/release-clock.h"

static char *
join (const GPtrArray *names)
{
    GString *out = g_string_new (NULL);

    for (guint i = 0; i < names->len; i++)
        g_string_append_printf (out, "%s%s", i > 0 ? ", " : "", (char *)names->pdata[i]);
    return g_string_free (out, FALSE);
}

void
verb_verify_votes (const VerbOutput *output, const VoteReport *report)
{
    for (guint i = 0; i < report->roles->len; i++) {
        const RoleVotes *role = report->roles->pdata[i];
        g_autofree char *voted = join (role->voted);
        g_autofree char *missing = join (role->missing);

        verb_print (output, "  role %-8s %u of %u needed: %s\n", role->role, role->voted->len,
                    role->threshold, role->voted->len > 0 ? voted : "nobody");
        if (role->voted->len < role->threshold)
            verb_print (output, "                missing: %s\n", missing);
    }
    for (guint i = 0; i < report->files->len; i++)
        verb_print (output, "  counted:     a vote from '%s'\n", (char *)report->files->pdata[i]);
    for (guint i = 0; i < report->ignored->len; i++)
        verb_print (output, "  not counted: %s\n", (char *)report->ignored->pdata[i]);
}

static GPtrArray *
clock_notes (const Release *release)
{
    GPtrArray *notes = g_ptr_array_new_with_free_func (g_free);

    release_clock_note (release, g_get_real_time () / G_USEC_PER_SEC, notes);
    return notes;
}

void
verb_verify_good (const VerbOutput *output, const char *path, const Bundle *bundle,
                  const VoteReport *report, gboolean deep)
{
    const Statement *statement = bundle_statement (bundle);
    g_autofree char *digest = digest_to_text (bundle_release_digest (bundle));
    g_autofree char *from = packing_made_from (bundle_packing (bundle));
    g_autoptr (GPtrArray) notes = clock_notes (statement->release);
    g_autofree char *shown = error_quote (path);

    verb_print (output, "%s: good\n", shown);
    verb_print (output, "  %s %s, channel %s, release number %" G_GUINT64_FORMAT "\n",
                statement->release->product, statement->release->version,
                statement->release->channel, statement->release->release);
    verb_print (output, "  release digest %s\n", digest);
    if (packing_is_delta (bundle_packing (bundle)))
        verb_print (output, "  delta, made from %s\n", from);
    verb_verify_votes (output, report);
    verb_print (output, "  %s\n",
                deep ? "every frame, layer, config and file proven" : "every frame proven");
    for (guint i = 0; i < notes->len && !output->quiet; i++)
        verb_warn ("%s", (const char *)notes->pdata[i]);
}

static void
add_votes (JsonBuilder *builder, const VoteReport *report)
{
    json_builder_set_member_name (builder, "roles");
    json_builder_begin_array (builder);
    for (guint i = 0; i < report->roles->len; i++) {
        const RoleVotes *role = report->roles->pdata[i];

        json_builder_begin_object (builder);
        json_out_text (builder, "role", role->role);
        json_out_text (builder, "signs", role->signs);
        json_out_number (builder, "threshold", role->threshold);
        json_out_lines (builder, "voted", role->voted);
        json_out_lines (builder, "missing", role->missing);
        json_builder_end_object (builder);
    }
    json_builder_end_array (builder);
    json_out_lines (builder, "vote_files", report->files);
    json_out_lines (builder, "not_counted", report->ignored);
}

void
verb_verify_json (JsonBuilder *builder, const char *path, const Bundle *bundle,
                  const VoteReport *report, const GError *error)
{
    g_autoptr (GPtrArray) notes = NULL;

    json_builder_begin_object (builder);
    json_out_text (builder, "file", path);
    json_out_flag (builder, "good", error == NULL);
    json_out_text (builder, "error", error != NULL ? error->message : NULL);
    if (bundle != NULL) {
        const Release *release = bundle_statement (bundle)->release;

        json_out_text (builder, "product", release->product);
        json_out_text (builder, "channel", release->channel);
        json_out_text (builder, "version", release->version);
        json_out_number (builder, "release", release->release);
        json_out_digest (builder, "release_digest", bundle_release_digest (bundle));
        notes = clock_notes (release);
        json_out_lines (builder, "warnings", notes);
    }
    add_votes (builder, report);
    json_builder_end_object (builder);
}
