/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/report-page.h"

#define NAMES_MAX 6 /* more are a number here; "For which hosts" has them all */

/* "host a", "hosts a, b and c", "120 hosts". */
static void
add_names (Html *html, char **names, const char *one, const char *many)
{
    guint n = g_strv_length (names);

    if (n > NAMES_MAX) {
        html_elementf (html, "b", NULL, "%u", n);
        html_textf (html, " %s", many);
        return;
    }
    html_textf (html, "%s ", n == 1 ? one : many);
    for (guint i = 0; i < n; i++) {
        if (i > 0)
            html_text (html, i + 1 == n ? " and " : ", ");
        html_element (html, "b", NULL, names[i]);
    }
}

static void
add_bases (Html *html, const Packing *packing)
{
    html_text (html, "hosts that have ");
    for (guint i = 0; i < packing->from->len; i++) {
        const PackingFrom *from = packing->from->pdata[i];

        if (i > 0)
            html_text (html, i + 1 == packing->from->len ? " or " : ", ");
        html_element (html, "b", NULL, from->version);
        html_textf (html, " (release %" G_GUINT64_FORMAT ")", from->release);
    }
}

static void
add_targets (Html *html, const Report *report)
{
    const Release *release = bundle_statement (report->bundle)->release;
    const Packing *packing = bundle_packing (report->bundle);

    if (packing->hosts != NULL) {
        add_names (html, packing->hosts, "host", "hosts");
    } else if (packing_is_delta (packing) && packing->from->len > 0) {
        add_bases (html, packing);
    } else if (release->hosts != NULL) {
        add_names (html, release->hosts, "host", "hosts");
    } else if (release->sites == NULL) {
        html_text (html, "any host");
    } else {
        html_text (html, "hosts");
    }
    if (release->sites != NULL) {
        html_text (html, " at ");
        add_names (html, release->sites, "site", "sites");
    }
}

/* "3 images, 2 configs and 1 playbook"; parts that are none are left out. */
static void
add_counts (Html *html, GPtrArray *counts)
{
    for (guint i = 0; i < counts->len; i++) {
        if (i > 0)
            html_text (html, i + 1 == counts->len ? " and " : ", ");
        html_text (html, counts->pdata[i]);
    }
}

static void
count (GPtrArray *counts, guint n, const char *one, const char *many)
{
    if (n > 0)
        g_ptr_array_add (counts, report_count (n, one, many));
}

static void
add_contents (Html *html, const Release *release, const Statement *statement)
{
    g_autoptr (GPtrArray) counts = g_ptr_array_new_with_free_func (g_free);

    count (counts, statement->images->len, "image", "images");
    count (counts, release->configs->len, "config", "configs");
    count (counts, release->files->len, "folder or file", "folders and files");
    count (counts, release->compose->len, "compose project", "compose files");
    count (counts, release->playbooks->len, "playbook", "playbooks");
    if (counts->len > 0)
        html_text (html, ": ");
    add_counts (html, counts);
}

static void
count_of (GPtrArray *counts, guint n, guint all, const char *what)
{
    if (n > 0)
        g_ptr_array_add (counts, g_strdup_printf ("%u of %u %s", n, all, what));
}

static guint
count_images (const Diff *diff)
{
    guint n = 0;

    for (guint i = 0; i < diff->images->len; i++) {
        DiffState state = ((DiffPair *)diff->images->pdata[i])->state;

        n += state == DIFF_CHANGED || state == DIFF_ADDED;
    }
    return n;
}

static guint
count_configs (const ReportBase *base)
{
    guint n = 0;

    for (guint i = 0; i < base->configs->len; i++) {
        ReportConfigState state = ((ReportConfig *)base->configs->pdata[i])->state;

        n += state == REPORT_CONFIG_CHANGED || state == REPORT_CONFIG_PLACED ||
             state == REPORT_CONFIG_NEW;
    }
    return n;
}

static void
count_packages (GPtrArray *counts, const Diff *diff)
{
    g_autoptr (GPtrArray) packages = report_list_packages (diff);
    g_autofree char *all = report_count (packages->len, "package", "packages");
    guint older = 0;

    for (guint i = 0; i < packages->len; i++)
        older += report_is_older (((const ReportPackage *)packages->pdata[i])->package);
    if (older > 0)
        g_ptr_array_add (counts,
                         g_strdup_printf ("%s (%u of them to an OLDER version)", all, older));
    else if (packages->len > 0)
        g_ptr_array_add (counts, g_steal_pointer (&all));
}

static void
add_change (Html *html, const Report *report, const ReportBase *base)
{
    const Statement *statement = bundle_statement (report->bundle);
    g_autoptr (GPtrArray) counts = g_ptr_array_new_with_free_func (g_free);

    count_of (counts, count_images (&base->diff), statement->images->len, "images");
    count_packages (counts, &base->diff);
    count_of (counts, count_configs (base), statement->release->configs->len, "configs");
    html_text (html, " Against ");
    report_add_base_name (html, base);
    html_text (html, counts->len > 0 ? " it changes " : " it changes no image, package or config");
    add_counts (html, counts);
    html_text (html, ".");
}

void
report_add_sentence (Html *html, const Report *report)
{
    const Statement *statement = bundle_statement (report->bundle);
    const Release *release = statement->release;

    html_open (html, "p", "class", "lead", NULL);
    html_text (html, "This file brings ");
    html_elementf (html, "b", NULL, "%s %s", release->product, release->version);
    html_textf (html, " (release %" G_GUINT64_FORMAT ") to ", release->release);
    add_targets (html, report);
    add_contents (html, release, statement);
    html_text (html, ".");
    for (guint i = 0; i < report->bases->len; i++)
        add_change (html, report, report->bases->pdata[i]);
    html_close (html, "p");
}

static void
add_missing (Html *html, const Report *report)
{
    html_text (html, "Not yet to be installed: ");
    for (guint i = 0, n = 0; i < report->votes->roles->len; i++) {
        const RoleVotes *role = report->votes->roles->pdata[i];

        if (role->voted->len >= role->threshold)
            continue;
        html_text (html, n++ > 0 ? "; role " : "role ");
        html_element (html, "b", NULL, role->role);
        html_textf (html, " has given %u of %u", role->voted->len, role->threshold);
        html_text (html, role->threshold == 1 ? " vote" : " votes");
    }
    html_text (html, ". Every frame of the file is as its index says.");
}

void
report_add_verdict (Html *html, const Report *report)
{
    static const char *const words[] = { "NOT VERIFIED", "SIGNATURES MISSING", "REFUSED",
                                         "SIGNATURES COMPLETE" };

    html_open (html, "p", "class", report->verdict == REPORT_SIGNED ? "verdict good" : "verdict",
               NULL);
    html_element (html, "strong", NULL, words[report->verdict]);
    html_text (html, " ");
    html_open (html, "span", NULL);
    switch (report->verdict) {
    case REPORT_NOT_CHECKED:
        html_text (html, "No trust root was there (--trust DIR), so nobody's signature was "
                         "checked. Nothing on this page is vouched for.");
        break;
    case REPORT_MISSING:
        add_missing (html, report);
        break;
    case REPORT_REFUSED:
        html_text (html, "Not to be installed: ");
        html_text (html, report->why);
        break;
    case REPORT_SIGNED:
        html_textf (html,
                    "All roles of trust root %" G_GUINT64_FORMAT
                    " have given their votes, and every frame of the file is as signed.",
                    report->root);
        break;
    }
    html_close (html, "span");
    html_close (html, "p");
}
