/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/report-page.h"

#include "bundle/reader.h"
#include "manifest/size.h"

#define ROWS_SHOWN 10

/* One line of the chart: layers of an image, or all of them. */
typedef struct {
    const StatementImage *image; /* NULL: all */
    guint layers;
    guint64 carried, left_out; /* bytes of unpacked layers */
    guint64 longest;           /* the whole width */
} Size;

static GHashTable *
left_out_layers (const Bundle *bundle)
{
    GHashTable *set = g_hash_table_new (digest_hash_key, digest_equal_key);
    GArray *layers = bundle_packing (bundle)->left_out;

    for (guint i = 0; i < layers->len; i++)
        g_hash_table_add (set, &g_array_index (layers, Digest, i));
    return set;
}

static Size *
measure (const StatementImage *image, GHashTable *absent)
{
    Size *size = g_new0 (Size, 1);

    size->image = image;
    size->layers = image->layers->len;
    for (guint i = 0; i < image->layers->len; i++) {
        StatementLayer *layer = &g_array_index (image->layers, StatementLayer, i);
        gboolean held = g_hash_table_contains (absent, &layer->diffid);

        *(held ? &size->left_out : &size->carried) += layer->bytes;
    }
    return size;
}

static Size *
measure_all (const Bundle *bundle)
{
    Size *size = g_new0 (Size, 1);
    DiffCount carried, left_out;

    compare_count_carried (bundle, &carried, &left_out);
    size->layers = carried.n + left_out.n;
    size->carried = carried.bytes;
    size->left_out = left_out.bytes;
    return size;
}

static GPtrArray *
measure_images (const Bundle *bundle)
{
    const GPtrArray *images = bundle_statement (bundle)->images;
    g_autoptr (GHashTable) absent = left_out_layers (bundle);
    GPtrArray *sizes = g_ptr_array_new_with_free_func (g_free);
    guint64 longest = 1;

    for (guint i = 0; i < images->len; i++)
        g_ptr_array_add (sizes, measure (images->pdata[i], absent));
    if (images->len > 1)
        g_ptr_array_add (sizes, measure_all (bundle));
    for (guint i = 0; i < sizes->len; i++) {
        const Size *size = sizes->pdata[i];

        longest = MAX (longest, size->carried + size->left_out);
    }
    for (guint i = 0; i < sizes->len; i++)
        ((Size *)sizes->pdata[i])->longest = longest;
    return sizes;
}

static void
add_bar (Html *html, const char *class, double from, double width)
{
    char x[G_ASCII_DTOSTR_BUF_SIZE], w[G_ASCII_DTOSTR_BUF_SIZE];

    if (width <= 0)
        return;
    g_ascii_formatd (x, sizeof x, "%.2f", from);
    g_ascii_formatd (w, sizeof w, "%.2f", width);
    html_open (html, "rect", "class", class, "x", x, "y", "1", "width", w, "height", "8", NULL);
    html_close (html, "rect");
}

/* The figures stand beside it in words, so a reader of the page aloud needs no more than them. */
static void
add_chart (Html *html, const Size *size)
{
    double scale = 100.0 / (double)size->longest;
    double held = (double)size->left_out * scale, carried = (double)size->carried * scale;

    html_open (html, "td", "class", "chart", NULL);
    html_open (html, "svg", "class", "bar", "viewBox", "0 0 100 10", "preserveAspectRatio", "none",
               "aria-hidden", "true", "focusable", "false", NULL);
    add_bar (html, "held", 0, held);
    add_bar (html, "carried", held, carried);
    html_close (html, "svg");
    html_close (html, "td");
}

static void
add_size (Html *html, gconstpointer item)
{
    const Size *size = item;
    g_autofree char *whole = size_to_text (size->carried + size->left_out);
    g_autofree char *carried = size_to_text (size->carried);

    html_open (html, "th", "scope", "row", NULL);
    if (size->image != NULL) {
        g_autofree char *id = digest_to_text (&size->image->config);

        html_text (html, size->image->name);
        html_element (html, "code", "id", id);
    } else {
        html_text (html, "All, each layer once");
    }
    html_close (html, "th");
    html_elementf (html, "td", "figure", "%u", size->layers);
    html_element (html, "td", "figure", whole);
    html_element (html, "td", "figure", size->carried == 0 ? "nothing" : carried);
    add_chart (html, size);
}

/* How much of what travels. */
static void
add_total (Html *html, const Report *report)
{
    const Bundle *bundle = report->bundle;
    gboolean delta = packing_is_delta (bundle_packing (bundle));
    g_autofree Size *all = measure_all (bundle);
    g_autofree char *whole = size_to_text (all->carried + all->left_out);
    g_autofree char *left_out = size_to_text (all->left_out);
    g_autofree char *file = size_to_text (bundle_file_bytes (bundle));

    html_open (html, "p", NULL);
    html_textf (html, "%s of image layers travel as %s", whole, file);
    if (all->left_out > 0)
        html_textf (html, ": hosts have %s of them already", left_out);
    html_text (html, delta ? ", and the rest is compressed and made from files that hosts have."
                           : ", compressed, and each file that comes again only once.");
    html_close (html, "p");
}

static void
add_images (Html *html, const Report *report)
{
    static const char *const columns[] = { "Image and its id",      "#Layers", "#Unpacked",
                                           "#Of that in this file", "Size",    NULL };
    const ReportTable table = { "sizes", columns, add_size, ROWS_SHOWN, "images" };
    g_autoptr (GPtrArray) sizes = measure_images (report->bundle);

    add_total (html, report);
    report_table (html, &table, sizes);
    html_open (html, "p", "class", "note legend", NULL);
    html_element (html, "span", "swatch carried", "");
    html_text (html, " in this file");
    if (packing_is_delta (bundle_packing (report->bundle))) {
        html_text (html, ", whole or as what differs from files that hosts have ");
        html_element (html, "span", "swatch held", "");
        html_text (html, " left out: hosts have these layers");
    }
    html_close (html, "p");
}

static void
add_tree (Html *html, const Report *report)
{
    const Statement *statement = bundle_statement (report->bundle);
    const PackingTree *left_out = &bundle_packing (report->bundle)->tree_left_out;
    g_autofree char *commit = digest_to_hex (&statement->tree_commit);
    g_autofree char *bytes = size_to_text (statement->tree_bytes);
    g_autofree char *files = report_count (statement->tree_files, "file", "files");

    html_open (html, "p", NULL);
    html_textf (html, "Tree (playbooks, configs and files): %s, %s", files, bytes);
    if (left_out->files > 0)
        html_textf (html, ", of which %" G_GUINT64_FORMAT " left out, for hosts have them",
                    left_out->files);
    html_text (html, "; commit ");
    html_element (html, "code", "id", commit);
    html_close (html, "p");
}

void
report_add_contents (Html *html, const Report *report)
{
    report_section (html, "contents", "What is carried");
    if (bundle_statement (report->bundle)->images->len > 0)
        add_images (html, report);
    add_tree (html, report);
    html_close (html, "section");
}
