/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/report-page.h"

#include "manifest/size.h"

#define POLICY                                                                                     \
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "              \
    "form-action 'none'"

/* A page margin of print: which page this is of what, should the leaves come apart. The digest's
 * digits are the only thing of it that is not the program's own. */
static char *
print_margins (const Report *report)
{
    g_autofree char *hex = digest_to_hex (bundle_release_digest (report->bundle));

    return g_strdup_printf ("@page{@bottom-left{content:\"Release digest %s\"}"
                            "@bottom-right{content:\"Page \" counter(page) \" of \" "
                            "counter(pages)}}\n",
                            hex);
}

static void
add_head (Html *html, const Report *report)
{
    const Release *release = bundle_statement (report->bundle)->release;
    g_autofree char *margins = print_margins (report);

    html_open (html, "head", NULL);
    html_void (html, "meta", "charset", "utf-8", NULL);
    html_void (html, "meta", "http-equiv", "Content-Security-Policy", "content", POLICY, NULL);
    html_void (html, "meta", "name", "viewport", "content", "width=device-width", NULL);
    html_void (html, "meta", "name", "color-scheme", "content", "light dark", NULL);
    html_void (html, "meta", "name", "referrer", "content", "no-referrer", NULL);
    /* Else browsers ask a server for one. */
    html_void (html, "link", "rel", "icon", "href", "data:,", NULL);
    html_elementf (html, "title", NULL, "%s %s, release %" G_GUINT64_FORMAT ": report",
                   release->product, release->version, release->release);
    html_style (html, report_style ());
    html_style (html, report_print_style ());
    html_style (html, margins);
    html_close (html, "head");
}

/* The first digits, as people write it; "Where it comes from" has all of them. */
static void
add_revision (Html *html, const Provenance *provenance)
{
    if (provenance->revision != NULL)
        report_factf (html, "Revision", "%.12s%s", provenance->revision,
                      provenance->modified ? ", changed since" : "");
}

static void
add_key_facts (Html *html, const Report *report)
{
    const Release *release = bundle_statement (report->bundle)->release;
    gboolean delta = packing_is_delta (bundle_packing (report->bundle));
    g_autofree char *size = size_to_text (bundle_file_bytes (report->bundle));
    g_autofree char *platforms = g_strjoinv (", ", release->platforms);

    html_open (html, "dl", "class", "key", NULL);
    report_factf (html, "Release number", "%" G_GUINT64_FORMAT, release->release);
    report_fact (html, "Channel", release->channel);
    if (release->epoch != 0)
        report_factf (html, "Epoch", "%" G_GUINT64_FORMAT, release->epoch);
    report_fact (html, "Issued", release->issued != NULL ? release->issued : "no time stated");
    report_fact (html, "Advised until", release->advise_until);
    report_fact (html, "Platform", platforms);
    add_revision (html, report->provenance);
    report_factf (html, "This file", "%s, %s", delta ? "delta" : "full bundle", size);
    html_close (html, "dl");
}

static void
add_header (Html *html, const Report *report)
{
    const Release *release = bundle_statement (report->bundle)->release;

    html_open (html, "header", NULL);
    html_element (html, "p", "kind", "Release report");
    html_open (html, "h1", NULL);
    html_element (html, "span", NULL, release->product);
    html_text (html, " ");
    html_element (html, "span", NULL, release->version);
    html_close (html, "h1");
    report_add_sentence (html, report);
    report_add_verdict (html, report);
    add_key_facts (html, report);
    html_close (html, "header");
}

static void
add_footer (Html *html, const Report *report)
{
    html_open (html, "footer", NULL);
    html_open (html, "p", NULL);
    html_text (html, "Made from ");
    html_element (html, "code", NULL, report->name);
    html_textf (html,
                " by handcarry %s. This page is a description and proves nothing by itself: what "
                "people agree on is the release digest, which ",
                HANDCARRY_VERSION);
    html_element (html, "code", NULL, "handcarry verify");
    html_text (html, " shows again beside every host.");
    html_close (html, "p");
    html_close (html, "footer");
}

GBytes *
report_write (const Report *report, GError **error)
{
    g_autoptr (Html) html = html_new ();

    html_open (html, "html", "lang", "en", "data-handcarry", "report 1", NULL);
    add_head (html, report);
    html_open (html, "body", NULL);
    add_header (html, report);
    html_open (html, "main", NULL);
    report_add_changes (html, report);
    report_add_contents (html, report);
    report_add_sources (html, report);
    html_open (html, "div", "class", "pair", NULL);
    report_add_hosts (html, report);
    report_add_steps (html, report);
    html_close (html, "div");
    report_add_signatures (html, report);
    if (!report_add_digests (html, report, error))
        return NULL;
    report_add_hand (html, report);
    report_add_texts (html, report);
    html_close (html, "main");
    add_footer (html, report);
    html_close (html, "body");
    html_close (html, "html");
    return html_finish (html);
}
