/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/json-out.h"
#include "manifest/verb-json.h"
#include "manifest/verb-lint.h"
#include "manifest/verb.h"
#include "manifest/message.h"

#include <stdio.h>

/* "NAME:LINE:COLUMN: message" taken apart. */
static void
add_line (JsonBuilder *builder, const char *severity, const char *line)
{
    g_autoptr (GRegex) regex = g_regex_new ("^(.*?):(\\d+):(\\d+): (.*)$", G_REGEX_DOTALL, 0, NULL);
    g_autoptr (GMatchInfo) match = NULL;
    static const char *const members[] = { "file", "line", "column", "message" };
    gboolean placed = g_regex_match (regex, line, 0, &match);

    json_builder_begin_object (builder);
    json_out_text (builder, "severity", severity);
    for (guint i = 0; placed && i < G_N_ELEMENTS (members); i++) {
        g_autofree char *text = g_match_info_fetch (match, (gint)i + 1);

        if (i == 1 || i == 2)
            json_out_number (builder, members[i], g_ascii_strtoull (text, NULL, 10));
        else
            json_out_text (builder, members[i], text);
    }
    if (!placed)
        json_out_text (builder, "message", line);
    json_builder_end_object (builder);
}

static void
add_finding (JsonBuilder *builder, const LintFinding *finding)
{
    g_autofree char *message = lint_message (finding);

    json_builder_begin_object (builder);
    if (finding->reason == NULL)
        json_out_text (builder, "severity", "warning");
    json_out_text (builder, "rule", lint_rule (finding->rule)->name);
    json_out_text (builder, "file", finding->file);
    json_out_number (builder, "line", finding->line);
    json_out_number (builder, "column", finding->column);
    json_out_text (builder, "message", message);
    json_out_text (builder, "reason", finding->reason);
    json_builder_end_object (builder);
}

static void
add_findings (JsonBuilder *builder, const GPtrArray *findings, gboolean allowed)
{
    for (guint i = 0; findings != NULL && i < findings->len; i++) {
        const LintFinding *finding = findings->pdata[i];

        if ((finding->reason != NULL) == allowed)
            add_finding (builder, finding);
    }
}

void
verb_lint_json (const LintResult *result)
{
    g_autoptr (JsonBuilder) builder = json_builder_new ();
    const GPtrArray *notes = result->lint.notes;

    json_builder_begin_object (builder);
    json_out_text (builder, "schema", "handcarry-lint-1");
    json_out_flag (builder, "passed", result->passed);
    json_builder_set_member_name (builder, "problems");
    json_builder_begin_array (builder);
    for (guint i = 0; i < result->problems->len; i++)
        add_line (builder, "error", result->problems->pdata[i]);
    add_findings (builder, result->lint.findings, FALSE);
    for (guint i = 0; notes != NULL && i < notes->len; i++)
        add_line (builder, "note", notes->pdata[i]);
    json_builder_end_array (builder);
    json_builder_set_member_name (builder, "allowed");
    json_builder_begin_array (builder);
    add_findings (builder, result->lint.findings, TRUE);
    json_builder_end_array (builder);
    json_builder_end_object (builder);
    verb_json_print (builder);
}

/* "a.yml:1:2: message" becomes "a.yml:1:2: note: message". */
static void
print_note (const char *line)
{
    g_autoptr (GRegex) regex = g_regex_new ("^(.*?:\\d+:\\d+: )", 0, 0, NULL);
    g_autofree char *shown = message_shown (line), *note = message_show ("note: ");
    g_autofree char *by = g_strconcat ("\\1", note, NULL);
    g_autofree char *marked = g_regex_replace (regex, shown, -1, 0, by, 0, NULL);

    say ("%s\n", marked != NULL ? marked : line);
}

static void
print_findings (const Lint *lint)
{
    for (guint i = 0; i < lint->findings->len; i++) {
        const LintFinding *finding = lint->findings->pdata[i];
        g_autofree char *message = lint_message (finding);

        if (finding->reason == NULL)
            say ("%s:%u:%u: warning: %s [%s]\n", finding->file, finding->line, finding->column,
                 message, lint_rule (finding->rule)->name);
    }
    for (guint i = 0; i < lint->notes->len; i++)
        print_note (lint->notes->pdata[i]);
}

void
verb_lint_text (const VerbOutput *output, const char *path, const LintResult *result,
                gboolean strict)
{
    const Release *release = result->release;
    guint warnings = result->lint.findings != NULL ? lint_count (&result->lint) : 0;
    guint allowed = result->lint.findings != NULL ? result->lint.findings->len - warnings : 0;
    g_autofree char *reasons = message_printf (", allowed %u", allowed);

    for (guint i = 0; i < result->problems->len; i++)
        say ("%s\n", (const char *)result->problems->pdata[i]);
    if (result->lint.findings != NULL && (strict || !output->quiet))
        print_findings (&result->lint);
    if (result->problems->len > 0 || release == NULL)
        verb_print (output, "%s: %u problems, %u warnings\n", path, result->problems->len,
                    warnings);
    else
        verb_print (output,
                    "%s: %s %s, release %" G_GUINT64_FORMAT
                    ": images %u, playbooks %u, configs %u, files %u, warnings %u%s\n",
                    path, release->product, release->version, release->release,
                    release->images->len, release->playbooks->len, release->configs->len,
                    release->files->len, warnings, allowed > 0 ? reasons : "");
}

static void
add_rule (JsonBuilder *builder, const LintRule *rule)
{
    json_builder_begin_object (builder);
    json_out_text (builder, "rule", rule->name);
    json_out_text (builder, "what", rule->what);
    json_out_text (builder, "why", rule->why);
    json_out_text (builder, "advice", rule->advice);
    json_builder_end_object (builder);
}

void
verb_lint_rules (const VerbOutput *output)
{
    g_autoptr (JsonBuilder) builder = json_builder_new ();

    json_builder_begin_object (builder);
    json_out_text (builder, "schema", "handcarry-lint-rules-1");
    json_builder_set_member_name (builder, "rules");
    json_builder_begin_array (builder);
    for (guint i = 0; i < LINT_RULES; i++) {
        const LintRule *rule = lint_rule (i);

        add_rule (builder, rule);
        if (!output->json)
            say ("%s: %s; %s. %s.\n", rule->name, rule->what, rule->why, rule->advice);
    }
    json_builder_end_array (builder);
    json_builder_end_object (builder);
    if (output->json)
        verb_json_print (builder);
}
