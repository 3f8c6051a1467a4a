/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/report-page.h"

#define ROWS_SHOWN 12

static void
add_from (Html *html, const Packing *packing)
{
    g_autofree char *from = packing_made_from (packing);
    g_autoptr (GPtrArray) names = g_ptr_array_new ();

    if (!packing_is_delta (packing)) {
        report_fact (html, "Applies to", "every host: the file is complete in itself");
        return;
    }
    report_fact (html, "Applies to hosts that have", from);
    for (guint i = 0; i < packing->bases->len; i++)
        g_ptr_array_add (names, ((const PackingBase *)packing->bases->pdata[i])->name);
    g_ptr_array_add (names, NULL);
    report_fact_list (html, "And these images, or their layers", (char **)names->pdata, "images");
}

static void
add_requirements (Html *html, const Release *release)
{
    g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);
    const char *const needs[][2] = { { "handcarry", release->requires_handcarry },
                                     { "docker", release->requires_docker },
                                     { "ansible-core", release->requires_ansible } };

    for (gsize i = 0; i < G_N_ELEMENTS (needs); i++)
        if (needs[i][1] != NULL)
            g_ptr_array_add (words, g_strdup_printf ("%s ≥ %s", needs[i][0], needs[i][1]));
    for (char **module = release->requires_python; module != NULL && *module != NULL; module++)
        g_ptr_array_add (words, g_strconcat ("python module ", *module, NULL));
    g_ptr_array_add (words, NULL);
    report_fact_list (html, "Must be installed there", (char **)words->pdata, "requirements");
}

static void
add_value (Html *html, gconstpointer item)
{
    const ReleaseValue *value = item;

    html_open (html, "th", "scope", "row", NULL);
    html_element (html, "code", NULL, value->name);
    html_close (html, "th");
    html_element (html, "td", NULL, value->description != NULL ? value->description : "");
    if (value->fallback != NULL)
        html_elementf (html, "td", NULL, "has a default%s", value->secret ? ", secret" : "");
    else
        html_element (html, "td", NULL, value->secret ? "required, secret" : "required");
}

static void
add_values (Html *html, const Release *release)
{
    static const char *const columns[] = { "Value", "What it is", "Needed", NULL };
    const ReportTable table = { "values", columns, add_value, ROWS_SHOWN, "values" };

    if (release->values->len == 0)
        return;
    html_element (html, "h3", NULL, "Values that the host itself supplies");
    report_table (html, &table, release->values);
}

void
report_add_hosts (Html *html, const Report *report)
{
    const Release *release = bundle_statement (report->bundle)->release;

    report_section (html, "hosts", "For which hosts");
    html_open (html, "dl", NULL);
    add_from (html, bundle_packing (report->bundle));
    if (release->sites == NULL && release->hosts == NULL)
        report_fact (html, "Sites and hosts", "all");
    report_fact_list (html, "Only at the sites", release->sites, "sites");
    report_fact_list (html, "Only on the hosts", release->hosts, "hosts");
    if (release->upgrade_from != 0)
        report_factf (html, "May follow release", "%" G_GUINT64_FORMAT " and newer",
                      release->upgrade_from);
    if (release->rollback_to != 0)
        report_factf (html, "Its data can be read by release", "%" G_GUINT64_FORMAT " and newer",
                      release->rollback_to);
    add_requirements (html, release);
    report_fact_list (html, "Volumes, never touched", release->volumes, "volumes");
    html_close (html, "dl");
    add_values (html, release);
    html_close (html, "section");
}
