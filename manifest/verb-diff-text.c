/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/verb-diff-text.h"

#include "manifest/size.h"
#include "manifest/error.h"
#include "manifest/verb.h"
#include "manifest/message.h"

#include <stdio.h>
#include <string.h>

#define LABEL_COLUMNS 16
#define TEXT_COLUMNS 80
#define DIGEST_DIGITS 12

static char *
short_digest (const DiffProduct *product)
{
    g_autofree char *hex = product != NULL ? digest_to_hex (product->digest) : NULL;

    return hex != NULL ? g_strndup (hex, DIGEST_DIGITS) : NULL;
}

/* "FROM -> TO", or the one value of both. */
static void
print_change (const char *label, const char *from, const char *to)
{
    if (from != NULL && to != NULL && strcmp (from, to) == 0)
        say ("%-*s%s (same)\n", LABEL_COLUMNS, label, to);
    else
        say ("%-*s%s -> %s\n", LABEL_COLUMNS, label, from != NULL ? from : "not installed",
             to != NULL ? to : "not installed");
}

static void
print_delta (const Packing *packing)
{
    say ("delta");
    for (guint i = 0; i < packing->from->len; i++) {
        const PackingFrom *from = packing->from->pdata[i];

        say ("%s %s (release %" G_GUINT64_FORMAT ")", i == 0 ? " from" : ",", from->version,
             from->release);
    }
    for (char **host = packing->hosts; host != NULL && *host != NULL; host++) {
        g_autofree char *shown = error_quote (*host);

        say ("%s %s", host == packing->hosts ? " for" : ",", shown);
    }
    say ("\n%*s", LABEL_COLUMNS, "");
}

static void
print_bundle (const Bundle *bundle)
{
    DiffCount carried, left_out;
    g_autofree char *file = size_to_text (bundle_file_bytes (bundle));
    g_autofree char *bytes = NULL;
    g_autofree char *without = NULL;

    compare_count_carried (bundle, &carried, &left_out);
    bytes = size_to_text (carried.bytes);
    without = size_to_text (left_out.bytes);
    if (packing_is_delta (bundle_packing (bundle)))
        print_delta (bundle_packing (bundle));
    else
        say ("full bundle, ");
    say ("%s in the file: %u %s (%s)", file, carried.n, carried.n == 1 ? "layer" : "layers", bytes);
    if (left_out.n > 0)
        say (", %u left out (%s)", left_out.n, without);
    putchar ('\n');
}

static void
print_side (const char *label, const DiffSide *side)
{
    g_autofree char *path = error_quote (side->path);

    say ("%-*s%s\n%*s", LABEL_COLUMNS, label, path, LABEL_COLUMNS, "");
    if (side->have != NULL) {
        g_autofree char *host = error_quote (side->have->host);

        say ("have file of host %s, %s\n", host, side->have->platform);
    } else {
        print_bundle (side->bundle);
    }
}

static char *
describe_tree (const DiffProduct *product)
{
    g_autofree char *bytes = NULL;

    if (!product->has_tree_size)
        return message_printf ("(files and size not known)");
    bytes = size_to_text (product->tree_bytes);
    return message_printf ("%" G_GUINT64_FORMAT " files, %s", product->tree_files, bytes);
}

static void
print_tree (const DiffProduct *a, const DiffProduct *b)
{
    g_autofree char *from = describe_tree (a);
    g_autofree char *to = describe_tree (b);

    if (a->tree == NULL || b->tree == NULL)
        say ("%-*snot known: the have file names no tree\n", LABEL_COLUMNS, "tree");
    else if (digest_equal (a->tree, b->tree))
        say ("%-*ssame commit, %s\n", LABEL_COLUMNS, "tree", a->has_tree_size ? from : to);
    else
        say ("%-*schanged: %s -> %s\n", LABEL_COLUMNS, "tree", from, to);
}

static void
print_number (const DiffProduct *a, const DiffProduct *b)
{
    g_autofree char *from = a != NULL ? g_strdup_printf ("%" G_GUINT64_FORMAT, a->release) : NULL;
    g_autofree char *to = b != NULL ? g_strdup_printf ("%" G_GUINT64_FORMAT, b->release) : NULL;

    print_change ("release", from, to);
}

static void
print_release (const DiffProduct *a, const DiffProduct *b)
{
    g_autofree char *from = short_digest (a);
    g_autofree char *to = short_digest (b);

    putchar ('\n');
    if (a == NULL || b == NULL)
        say ("%-*s%s\n", LABEL_COLUMNS, "product", (a != NULL ? a : b)->product);
    else
        print_change ("product", a->product, b->product);
    print_change ("channel", a != NULL ? a->channel : NULL, b != NULL ? b->channel : NULL);
    print_change ("version", a != NULL ? a->version : NULL, b != NULL ? b->version : NULL);
    print_number (a, b);
    print_change ("release digest", from, to);
    if (a != NULL && b != NULL)
        print_tree (a, b);
}

/* Goes on in the next line where this one is full. Returns the column behind it. */
static int
print_count (const DiffCount *count, const char *what, int column)
{
    g_autofree char *bytes = size_to_text (count->bytes);
    g_autofree char *text = NULL;

    if (count->n == 0)
        return column;
    text = message_printf ("%u %s (%s)", count->n, what,
                           count->sized == count->n ? bytes : "size not known");
    if (column > LABEL_COLUMNS && column + 2 + (int)strlen (text) > TEXT_COLUMNS) {
        say (",\n%*s", LABEL_COLUMNS, "");
        column = LABEL_COLUMNS;
    }
    return column + say ("%s%s", column > LABEL_COLUMNS ? ", " : "", text);
}

void
diff_print_layers (const char *label, const DiffLayers *layers)
{
    int column = say ("%-*s", LABEL_COLUMNS, label);

    column = print_count (&layers->same, "same", column);
    column = print_count (&layers->moved, "on another base", column);
    column = print_count (&layers->fresh, "new", column);
    column = print_count (&layers->gone, "gone", column);
    say ("%s\n", column == LABEL_COLUMNS ? "none" : "");
}

static void
print_others (const Diff *diff)
{
    for (guint i = 0; i < 2; i++)
        if (diff->others[i] > 0)
            say ("%-*s%u more on the host of %s\n", LABEL_COLUMNS, "images", diff->others[i],
                 i == 0 ? "A" : "B");
}

void
diff_print_text (const Diff *diff)
{
    say ("NOT VERIFIED: no signature was checked; 'handcarry verify' does that.\n\n");
    print_side ("A", &diff->sides[0]);
    print_side ("B", &diff->sides[1]);
    for (guint i = 0; i < diff->releases->len; i++) {
        const DiffProduct **row = diff->releases->pdata[i];

        print_release (row[0], row[1]);
    }
    if (diff->tree != NULL)
        diff_print_file_list (diff->tree);
    else if (diff->no_tree != NULL)
        say ("  %-*snot known: %s\n", LABEL_COLUMNS, "files", diff->no_tree);
    putchar ('\n');
    diff_print_layers ("layers", &diff->layers);
    print_others (diff);
    diff_print_images (diff);
}
