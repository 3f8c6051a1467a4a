/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/report-page.h"

#include "manifest/release-internal.h"
#include "manifest/size.h"

#include <string.h>

#define ROWS_SHOWN 12
#define CONFIGS_SHOWN 6

void
report_add_base_name (Html *html, const ReportBase *base)
{
    const DiffSide *side = &base->diff.sides[0];
    const DiffProduct **row = base->diff.releases->len > 0 ? base->diff.releases->pdata[0] : NULL;
    const DiffProduct *product = row != NULL ? row[0] : NULL;

    if (side->have != NULL) {
        html_text (html, "host ");
        html_element (html, "b", NULL, side->have->host);
        html_text (html, product != NULL ? " at " : ", which does not have the product");
    }
    if (product == NULL)
        return;
    if (side->have == NULL && strcmp (product->product, row[1]->product) != 0)
        html_elementf (html, "b", NULL, "%s ", product->product);
    html_element (html, "b", NULL, product->version);
    html_textf (html, " (release %" G_GUINT64_FORMAT ")", product->release);
}

static char *
describe_layers (const DiffCount *count)
{
    g_autofree char *bytes = size_to_text (count->bytes);

    if (count->n == 0)
        return g_strdup ("none");
    if (count->sized < count->n)
        return g_strdup_printf ("%u", count->n);
    return g_strdup_printf ("%u, %s", count->n, bytes);
}

static char *
describe_packages (const DiffPair *pair)
{
    gboolean unread = (pair->unread[0] | pair->unread[1]) != 0;

    if (pair->state == DIFF_REMOVED)
        return g_strdup ("");
    if (pair->packages == NULL)
        return g_strdup ("not known");
    if (pair->a == NULL)
        return report_count (pair->n_packages[1], "package", "packages");
    if (pair->n_packages[0] + pair->n_packages[1] == 0)
        return g_strdup (unread ? "not read" : "none known");
    return g_strdup_printf ("%u of %u%s", pair->packages->len, pair->n_packages[1],
                            unread ? ", some not read" : "");
}

/* Names of one repository, which a host may spell in full, differ by their tags. */
static gboolean
has_other_tag (const DiffPair *pair, const char **from, const char **to)
{
    const char *a = pair->a != NULL ? pair->a->full : NULL;
    const char *b = pair->b != NULL ? pair->b->full : NULL;

    *from = a != NULL ? strrchr (a, ':') : NULL;
    *to = b != NULL ? strrchr (b, ':') : NULL;
    return *from != NULL && *to != NULL && *from - a == *to - b &&
           strncmp (a, b, (gsize)(*from - a)) == 0 && strcmp (*from, *to) != 0;
}

/* "plant-hmi/web:1.5.0 → 1.5.1" */
static void
add_image_name (Html *html, const DiffPair *pair)
{
    const DiffImage *image = pair->b != NULL ? pair->b : pair->a;
    const char *from, *to;

    html_open (html, "th", "scope", "row", NULL);
    if (has_other_tag (pair, &from, &to) && g_str_has_suffix (image->name, to)) {
        html_textf (html, "%.*s", (int)(strlen (image->name) - strlen (to)), image->name);
        html_textf (html, "%s → %s", from, to + 1);
    } else if (pair->a == NULL || pair->b == NULL ||
               g_strcmp0 (pair->a->full, pair->b->full) == 0) {
        html_text (html, image->name != NULL ? image->name : "without a name");
    } else {
        html_textf (html, "%s → %s", pair->a->name != NULL ? pair->a->name : "without a name",
                    image->name);
    }
    html_close (html, "th");
}

static void
add_image (Html *html, gconstpointer item)
{
    static const char *const states[] = { "unchanged", "same layers", "changed", "new",
                                          "no longer carried" };
    const DiffPair *pair = item;
    DiffCount held = pair->layers.same;
    g_autofree char *fresh = describe_layers (&pair->layers.fresh);
    g_autofree char *packages = describe_packages (pair);
    g_autofree char *known = NULL;

    held.n += pair->layers.moved.n;
    held.sized += pair->layers.moved.sized;
    held.bytes += pair->layers.moved.bytes;
    known = describe_layers (&held);
    add_image_name (html, pair);
    html_element (html, "td", pair->state >= DIFF_CHANGED ? "marked" : NULL, states[pair->state]);
    html_element (html, "td", "figure", pair->state == DIFF_REMOVED ? "" : fresh);
    html_element (html, "td", "figure", pair->state == DIFF_REMOVED ? "" : known);
    html_element (html, "td", "figure", packages);
}

static void
add_images (Html *html, const Diff *diff)
{
    static const char *const columns[] = { "Image",         "What happens",      "#New layers",
                                           "#Known layers", "#Packages changed", NULL };
    const ReportTable table = { "images", columns, add_image, ROWS_SHOWN, "images" };

    if (diff->images->len > 0)
        report_table (html, &table, diff->images);
    for (guint i = 0; i < 2; i++)
        if (diff->others[i] > 0)
            html_elementf (html, "p", "note", "The host has %u more images of other products.",
                           diff->others[i]);
}

/* "plant-hmi/web" of "plant-hmi/web:1.5.1" */
static void
add_repository (Html *html, const char *name)
{
    const char *tag = strrchr (name, ':');
    gsize length = tag != NULL && strchr (tag, '/') == NULL ? (gsize)(tag - name) : strlen (name);

    html_textf (html, "%.*s", (int)length, name);
}

static void
add_where (Html *html, const ReportPackage *row)
{
    html_open (html, "td", NULL);
    if (row->images->len == row->compared && row->compared > 1) {
        html_textf (html, "all %u", row->compared);
    } else {
        for (guint i = 0; i < row->images->len; i++) {
            html_text (html, i > 0 ? ", " : "");
            add_repository (html, ((const DiffPair *)row->images->pdata[i])->b->name);
        }
    }
    html_close (html, "td");
}

static void
add_package (Html *html, gconstpointer item)
{
    const ReportPackage *row = item;
    const DiffPackage *package = row->package;

    html_open (html, "th", "scope", "row", NULL);
    html_text (html, package->name);
    if (strcmp (package->kind, PACKAGE_KIND_DEB) != 0 &&
        strcmp (package->kind, PACKAGE_KIND_APK) != 0)
        html_textf (html, " (%s)", package->kind);
    if (package->show_arch)
        html_textf (html, " (%s)", package->arch);
    html_close (html, "th");
    html_element (html, "td", NULL, package->from != NULL ? package->from : "not there");
    if (report_is_older (package))
        html_elementf (html, "td", "unmet", "%s (OLDER)", package->to);
    else
        html_element (html, "td", NULL, package->to != NULL ? package->to : "no longer there");
    add_where (html, row);
}

static void
add_packages (Html *html, const Diff *diff)
{
    static const char *const columns[] = { "Package", "Old version", "New version", "In image",
                                           NULL };
    const ReportTable table = { "packages", columns, add_package, ROWS_SHOWN, "packages" };
    g_autoptr (GPtrArray) packages = report_list_packages (diff);

    if (packages->len == 0)
        return;
    html_element (html, "h3", NULL, "Packages");
    report_table (html, &table, packages);
}

static void
add_placing (Html *html, const ReleaseConfig *config)
{
    html_textf (html, "mode %04o, owner %s, on conflict %s%s", config->mode, config->owner,
                release_conflicts[config->on_conflict], config->template ? ", template" : "");
}

static void
add_config (Html *html, const ReportConfig *config)
{
    static const char *const states[] = { "unchanged", "changed",           "placed otherwise",
                                          "new",       "no longer carried", "not compared" };
    gboolean both = config->a != NULL && config->b != NULL;

    html_open (html, "div", "class", "config", NULL);
    html_open (html, "p", NULL);
    html_element (html, "code", NULL, (config->b != NULL ? config->b : config->a)->to);
    html_text (html, " ");
    html_element (html, "span", "state", states[config->state]);
    if (config->why != NULL)
        html_textf (html, ": %s", config->why);
    if (config->state == REPORT_CONFIG_PLACED) {
        html_text (html, ": ");
        add_placing (html, config->a);
        html_text (html, " → ");
    }
    if (both && config->state == REPORT_CONFIG_PLACED)
        add_placing (html, config->b);
    html_close (html, "p");
    if (config->hunks != NULL)
        report_hunks (html, config->hunks);
    html_close (html, "div");
}

/* Those that are as they were are a number. */
static GPtrArray *
changed_configs (const ReportBase *base)
{
    GPtrArray *changed = g_ptr_array_new ();

    for (guint i = 0; i < base->configs->len; i++)
        if (((ReportConfig *)base->configs->pdata[i])->state != REPORT_CONFIG_SAME)
            g_ptr_array_add (changed, base->configs->pdata[i]);
    return changed;
}

static void
add_configs (Html *html, const ReportBase *base)
{
    g_autoptr (GPtrArray) changed = changed_configs (base);
    guint shown = changed->len <= CONFIGS_SHOWN + 1 ? changed->len : CONFIGS_SHOWN;
    guint same = base->configs->len - changed->len;

    if (base->configs->len == 0)
        return;
    html_element (html, "h3", NULL, "Configs");
    for (guint i = 0; i < shown; i++)
        add_config (html, changed->pdata[i]);
    if (shown < changed->len) {
        html_open (html, "details", NULL);
        report_fold (html, changed->len - shown, "configs that change");
        for (guint i = shown; i < changed->len; i++)
            add_config (html, changed->pdata[i]);
        html_close (html, "details");
    }
    if (same > 0)
        html_elementf (html, "p", "note", "%u of %u unchanged.", same, base->configs->len);
}

static void
add_file (Html *html, gconstpointer item)
{
    const DiffFile *file = item;
    g_autofree char *from = file->a != NULL ? size_to_text (file->a->size) : NULL;
    g_autofree char *to = file->b != NULL ? size_to_text (file->b->size) : NULL;

    html_open (html, "th", "scope", "row", NULL);
    html_element (html, "code", NULL, file->path);
    html_close (html, "th");
    html_element (html, "td", NULL, from == NULL ? "new" : to == NULL ? "gone" : "changed");
    html_element (html, "td", "figure", from != NULL ? from : "");
    html_element (html, "td", "figure", to != NULL ? to : "");
}

/* Those that are no config: configs have been shown. */
static GPtrArray *
other_files (const ReportBase *base)
{
    g_autoptr (GHashTable) configs = g_hash_table_new (g_str_hash, g_str_equal);
    GPtrArray *files = g_ptr_array_new ();

    for (guint i = 0; i < base->configs->len; i++) {
        const ReportConfig *config = base->configs->pdata[i];

        if (config->a != NULL)
            g_hash_table_add (configs, config->a->from);
        if (config->b != NULL)
            g_hash_table_add (configs, config->b->from);
    }
    for (guint i = 0; i < base->diff.tree->len; i++) {
        const DiffFile *file = base->diff.tree->pdata[i];

        if (!g_hash_table_contains (configs, file->path))
            g_ptr_array_add (files, (gpointer)file);
    }
    return files;
}

static void
add_tree (Html *html, const ReportBase *base)
{
    static const char *const columns[] = { "File", "What happens", "#Old", "#New", NULL };
    const ReportTable table = { "files", columns, add_file, ROWS_SHOWN, "files" };
    g_autoptr (GPtrArray) files = NULL;

    html_element (html, "h3", NULL, "Playbooks and other files");
    if (base->diff.tree == NULL) {
        html_elementf (html, "p", "note", "Not compared: %s.", base->diff.no_tree);
        return;
    }
    files = other_files (base);
    if (files->len == 0)
        html_element (html, "p", "note", "The same.");
    else
        report_table (html, &table, files);
}

/* Is it about more than what every release says otherwise? */
static gboolean
says_more (const char *hunks)
{
    static const char *const usual[] = { "version:", "release:", "issued:" };
    g_auto (GStrv) lines = g_strsplit (hunks, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        gboolean known = **line != '+' && **line != '-';

        for (gsize i = 0; i < G_N_ELEMENTS (usual); i++)
            known = known || g_str_has_prefix (*line + 1, usual[i]);
        if (!known)
            return TRUE;
    }
    return FALSE;
}

static void
add_words (Html *html, const ReportBase *base)
{
    html_element (html, "h3", NULL, "What the release says of itself");
    if (base->words == NULL)
        html_elementf (html, "p", "note", "Not compared: %s.", base->why);
    else if (!says_more (base->words))
        html_element (html, "p", "note",
                      "The same hosts, requirements, values, playbooks and checks.");
    else
        report_hunks (html, base->words);
}

static void
add_base (Html *html, const ReportBase *base, guint number)
{
    g_autofree char *id = g_strdup_printf ("changes-%u", number);

    html_open (html, "section", "aria-labelledby", id, NULL);
    html_open (html, "h2", "id", id, NULL);
    html_text (html, "What changes against ");
    report_add_base_name (html, base);
    html_close (html, "h2");
    html_open (html, "p", "class", "note", NULL);
    html_text (html, "Compared with ");
    html_element (html, "code", NULL, base->name);
    html_text (html, ", whose own signatures were not looked at.");
    html_close (html, "p");
    add_images (html, &base->diff);
    if (base->diff.sides[0].bundle != NULL) {
        add_packages (html, &base->diff);
        add_configs (html, base);
        add_tree (html, base);
        add_words (html, base);
    } else {
        html_element (html, "p", "note",
                      "A have file names releases, images and layers. What becomes of the host's "
                      "configs, 'handcarry plan' shows there.");
    }
    html_close (html, "section");
}

void
report_add_changes (Html *html, const Report *report)
{
    for (guint i = 0; i < report->bases->len; i++)
        add_base (html, report->bases->pdata[i], i + 1);
}
