/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/error.h"
#include "manifest/size.h"
#include "manifest/verb-show.h"
#include "manifest/verb.h"

#include <stdio.h>
#include <string.h>

#define NAME_COLUMNS 40 /* at most, of the names in a list */

static guint64
left_out_bytes (const ShowInput *input)
{
    const GArray *left_out = input->packing->left_out;
    g_autoptr (GHashTable) absent = g_hash_table_new (digest_hash_key, digest_equal_key);
    guint64 bytes = 0;

    for (guint i = 0; i < left_out->len; i++)
        g_hash_table_add (absent, &g_array_index (left_out, Digest, i));
    for (guint i = 0; i < input->statement->images->len; i++) {
        const GArray *layers = ((StatementImage *)input->statement->images->pdata[i])->layers;

        for (guint k = 0; k < layers->len; k++) {
            const StatementLayer *layer = &g_array_index (layers, StatementLayer, k);

            bytes += g_hash_table_remove (absent, &layer->diffid) ? layer->bytes : 0;
        }
    }
    return bytes;
}

static void
print_delta (const ShowInput *input)
{
    const Packing *packing = input->packing;
    g_autoptr (GPtrArray) from = g_ptr_array_new_with_free_func (g_free);
    g_autoptr (GPtrArray) bases = g_ptr_array_new ();
    g_autofree char *bytes = size_to_text (left_out_bytes (input));
    g_autofree char *tree = size_to_text (packing->tree_left_out.bytes);

    for (guint i = 0; i < packing->from->len; i++) {
        const PackingFrom *release = packing->from->pdata[i];

        g_ptr_array_add (from, message_printf ("%s (release %" G_GUINT64_FORMAT ")",
                                               release->version, release->release));
    }
    for (guint i = 0; i < packing->bases->len; i++)
        g_ptr_array_add (bases, ((PackingBase *)packing->bases->pdata[i])->name);
    g_ptr_array_add (from, NULL);
    g_ptr_array_add (bases, NULL);
    show_print_words ("made against", (char **)from->pdata);
    show_print_words ("made for hosts", packing->hosts);
    show_print_words ("needs layers of", (char **)bases->pdata);
    say ("leaves out      %u %s, %s\n", packing->left_out->len,
         packing->left_out->len == 1 ? "layer" : "layers", bytes);
    if (packing->tree_left_out.files > 0)
        say ("                %" G_GUINT64_FORMAT " files of the tree, %s\n",
             packing->tree_left_out.files, tree);
}

void
show_print_packing (const ShowInput *input)
{
    const Packing *packing = input->packing;
    const Statement *statement = input->statement;
    g_autofree char *file = size_to_text (input->file_bytes);
    g_autofree char *tree = size_to_text (statement->tree_bytes);
    g_autofree char *commit = digest_to_hex (&statement->tree_commit);
    g_autofree char *spool = size_to_text (packing->spool);
    g_autofree char *zstd = g_strconcat ("zstd ", packing->zstd, NULL);
    guint64 frames = 0;

    for (guint i = 0; i < N_REGIONS; i++)
        frames += packing->regions[i].frames;
    say ("\ntree            %" G_GUINT64_FORMAT " files, %s, commit\n  %s\n", statement->tree_files,
         tree, commit);
    say ("packed          %s, %s in %" G_GUINT64_FORMAT " frames, level %" G_GUINT64_FORMAT "\n",
         packing_is_delta (packing) ? "delta" : "full bundle", file, frames, packing->level);
    if (packing_is_delta (packing))
        print_delta (input);
    show_print_words ("packed by", (char *[]){ packing->tool, zstd, NULL });
    say ("to rebuild      %s of scratch space\n", spool);
    show_print_provenance (input);
}

static void
print_list (const char *image, const PackageList *list)
{
    g_autofree char *shown = error_quote (image);
    int columns = 0;

    say ("\npackages of %s: ", shown);
    if (list->packages->len > 0)
        say ("%u\n", list->packages->len);
    else
        say ("none known\n");
    if (list->unread != 0)
        say (
            "  there may be more: a database, a layer or an entry of the SBOM could not be read\n");
    for (guint i = 0; i < list->packages->len; i++) {
        const Package *package = list->packages->pdata[i];

        columns = MAX (columns, MIN ((int)strlen (package->name), NAME_COLUMNS));
    }
    for (guint i = 0; i < list->packages->len; i++) {
        const Package *package = list->packages->pdata[i];

        say ("  %-*s %s %s", columns, package->name, package->version, package->kind);
        if (package_known (package->arch) != NULL)
            say (" %s", package->arch);
        putchar ('\n');
    }
}

void
show_print_packages (const ShowInput *input)
{
    const GPtrArray *images = input->statement->images;

    for (guint i = 0; input->packages != NULL && i < images->len; i++)
        print_list (((StatementImage *)images->pdata[i])->name, input->packages->pdata[i]);
}
