/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/report-page.h"

#include "manifest/release-internal.h"

#define ROWS_SHOWN 12

static void
add_playbook (Html *html, gconstpointer item)
{
    static const char *const when[] = { "before anything changes", "at install",
                                        "when this release is left by rollback",
                                        "when the product is removed" };
    const ReleasePlaybook *playbook = item;

    html_open (html, "th", "scope", "row", NULL);
    html_element (html, "code", NULL, playbook->path);
    html_close (html, "th");
    html_open (html, "td", NULL);
    html_text (html, when[playbook->run]);
    if (playbook->inventory != NULL) {
        html_text (html, ", inventory ");
        html_element (html, "code", NULL, playbook->inventory);
    }
    html_close (html, "td");
}

static void
add_playbooks (Html *html, const Release *release)
{
    static const char *const columns[] = { "Playbook", "Runs", NULL };
    const ReportTable table = { "playbooks", columns, add_playbook, ROWS_SHOWN, "playbooks" };

    if (release->playbooks->len > 0)
        report_table (html, &table, release->playbooks);
    for (guint i = 0; i < release->compose->len; i++) {
        html_open (html, "p", NULL);
        html_text (html, "Compose runs ");
        html_element (html, "code", NULL, ((ReleaseCompose *)release->compose->pdata[i])->path);
        html_close (html, "p");
    }
    if (release->playbooks->len + release->compose->len == 0)
        html_element (html, "p", "note", "Nothing: images and files are put there.");
}

static void
add_config (Html *html, gconstpointer item)
{
    static const char *const edited[] = { "the edit stays", "the edit is replaced",
                                          "the install stops" };
    const ReleaseConfig *config = item;

    html_open (html, "th", "scope", "row", NULL);
    html_element (html, "code", NULL, config->to);
    html_close (html, "th");
    html_elementf (html, "td", NULL, "%04o %s%s", config->mode, config->owner,
                   config->template ? ", values filled in" : "");
    html_element (html, "td", NULL, edited[config->on_conflict]);
}

static void
add_folder (Html *html, gconstpointer item)
{
    const ReleaseFiles *files = item;

    html_open (html, "th", "scope", "row", NULL);
    html_element (html, "code", NULL, files->to);
    html_close (html, "th");
    html_open (html, "td", NULL);
    html_element (html, "code", NULL, files->from);
    html_close (html, "td");
}

static void
add_placed (Html *html, const Release *release)
{
    static const char *const of_configs[] = { "Config", "Mode and owner", "If edited on the host",
                                              NULL };
    static const char *const of_files[] = { "Folder or file, replaced as a whole", "From the tree",
                                            NULL };
    const ReportTable configs = { "placed", of_configs, add_config, ROWS_SHOWN, "configs" };
    const ReportTable files = { "placed", of_files, add_folder, ROWS_SHOWN, "folders and files" };

    if (release->configs->len + release->files->len > 0)
        html_element (html, "h3", NULL, "Placed there");
    if (release->configs->len > 0)
        report_table (html, &configs, release->configs);
    if (release->files->len > 0)
        report_table (html, &files, release->files);
}

static void
add_check (Html *html, gconstpointer item)
{
    static const char *const kinds[] = { "container ", "", "command " };
    const ReleaseHealth *health = item;
    g_autofree char *command = health->command != NULL ? g_strjoinv (" ", health->command) : NULL;

    html_open (html, "th", "scope", "row", NULL);
    html_text (html, kinds[health->kind]);
    html_element (html, "code", NULL, command != NULL ? command : health->target);
    html_close (html, "th");
    html_elementf (html, "td", "figure", "%u s", health->within);
}

static void
add_health (Html *html, const Release *release)
{
    static const char *const columns[] = { "Healthy when", "#Within", NULL };
    const ReportTable table = { "health", columns, add_check, ROWS_SHOWN, "checks" };

    if (release->health->len == 0)
        return;
    html_element (html, "h3", NULL, "Checked at the end");
    report_table (html, &table, release->health);
}

void
report_add_steps (Html *html, const Report *report)
{
    const Release *release = bundle_statement (report->bundle)->release;

    report_section (html, "steps", "What happens there");
    add_playbooks (html, release);
    add_placed (html, release);
    add_health (html, release);
    html_close (html, "section");
}
