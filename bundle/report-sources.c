/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/report-page.h"

#include <string.h>

#define ROWS_SHOWN 10

static void
add_image (Html *html, gconstpointer item)
{
    const ProvenanceImage *image = item;
    g_autofree char *manifest = digest_to_text (&image->manifest);

    html_open (html, "th", "scope", "row", NULL);
    html_text (html, image->name);
    html_close (html, "th");
    html_open (html, "td", NULL);
    html_element (html, "code", NULL, image->uri);
    if (image->has_manifest && strstr (image->uri, manifest) == NULL)
        html_element (html, "code", "id", manifest);
    html_close (html, "td");
}

/* A file or an engine of the builder's has no address that says anything elsewhere. */
static void
add_images (Html *html, const Provenance *provenance)
{
    static const char *const columns[] = { "Image", "Taken from", NULL };
    const ReportTable table = { "origins", columns, add_image, ROWS_SHOWN, "images" };
    g_autoptr (GPtrArray) addressed = g_ptr_array_new ();
    g_autoptr (GPtrArray) others = g_ptr_array_new_with_free_func (g_free);

    for (guint i = 0; i < provenance->images->len; i++) {
        ProvenanceImage *image = provenance->images->pdata[i];

        if (image->uri != NULL)
            g_ptr_array_add (addressed, image);
        else
            g_ptr_array_add (others, g_strdup_printf ("%s (%s)", image->name, image->transport));
    }
    g_ptr_array_add (others, NULL);
    if (addressed->len > 0)
        report_table (html, &table, addressed);
    html_open (html, "dl", NULL);
    report_fact_list (html, "Images of the builder's own", (char **)others->pdata, "images");
    html_close (html, "dl");
}

static void
add_digest (Html *html, const char *label, const Digest *digest)
{
    g_autofree char *text = digest_to_text (digest);

    html_open (html, "div", NULL);
    html_element (html, "dt", NULL, label);
    html_open (html, "dd", NULL);
    html_element (html, "code", "id", text);
    html_close (html, "dd");
    html_close (html, "div");
}

static void
add_revision (Html *html, const Provenance *provenance)
{
    if (provenance->revision == NULL) {
        report_fact (html, "Revision", "not known: packed outside a git repository");
        return;
    }
    html_open (html, "div", NULL);
    html_element (html, "dt", NULL, "Revision");
    html_open (html, "dd", NULL);
    html_element (html, "code", NULL, provenance->revision);
    if (provenance->modified)
        html_element (html, "span", "unmet", " WITH CHANGES that are not committed");
    if (provenance->not_in_git > 0)
        html_textf (html, ", %" G_GUINT64_FORMAT " of the carried files are not in it",
                    provenance->not_in_git);
    html_close (html, "dd");
    html_close (html, "div");
}

void
report_add_sources (Html *html, const Report *report)
{
    const Provenance *provenance = report->provenance;

    report_section (html, "sources", "Where it comes from");
    add_images (html, provenance);
    html_open (html, "dl", NULL);
    report_fact (html, "Sources", provenance->source != NULL ? provenance->source : "not said");
    add_revision (html, provenance);
    add_digest (html, "release.yaml", &provenance->release_file);
    if (provenance->has_lock)
        add_digest (html, "release.lock.yaml", &provenance->lock);
    report_factf (html, "Built by", "%s, with handcarry %s and libzstd %s", provenance->builder,
                  provenance->handcarry, provenance->libzstd);
    html_close (html, "dl");
    html_element (html, "p", "note",
                  "As the builder says in provenance.json, which is signed with the packing list. "
                  "An SBOM of each image lies in the file: 'handcarry show --sbom'.");
    html_close (html, "section");
}
