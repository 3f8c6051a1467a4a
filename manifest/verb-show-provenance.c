/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/error.h"
#include "manifest/json-out.h"
#include "manifest/verb-show.h"
#include "manifest/verb.h"

#include <stdio.h>

#define LABEL_COLUMNS 16

static void
print_changes (const Provenance *provenance)
{
    if (provenance->modified)
        say ("%*swith changes that are not in it\n", LABEL_COLUMNS, "");
    if (provenance->not_in_git > 0)
        say ("%*s%" G_GUINT64_FORMAT " carried %s not in it\n", LABEL_COLUMNS, "",
             provenance->not_in_git, provenance->not_in_git == 1 ? "file is" : "files are");
}

void
show_print_provenance (const ShowInput *input)
{
    const Provenance *provenance = input->provenance;
    g_autofree char *builder = provenance != NULL ? error_quote (provenance->builder) : NULL;

    if (provenance == NULL)
        return;
    if (provenance->revision != NULL)
        say ("%-*scommit %s\n", LABEL_COLUMNS, "built from", provenance->revision);
    else
        say ("%-*ssources of no known revision\n", LABEL_COLUMNS, "built from");
    print_changes (provenance);
    show_print_words ("sources", (char *[]){ provenance->source, NULL });
    say ("%-*s%s\n", LABEL_COLUMNS, "built by", builder);
    if (provenance->has_lock) {
        g_autofree char *lock = digest_to_text (&provenance->lock);

        say ("release.lock.yaml\n  %s\n", lock);
    }
}

static void
add_image (JsonBuilder *builder, gconstpointer item)
{
    const ProvenanceImage *image = item;

    json_out_text (builder, "name", image->name);
    json_out_text (builder, "transport", image->transport);
    json_out_text (builder, "uri", image->uri);
    json_out_digest (builder, "config", &image->config);
    if (image->has_manifest)
        json_out_digest (builder, "manifest", &image->manifest);
}

void
show_add_provenance (JsonBuilder *builder, const Provenance *provenance)
{
    if (provenance == NULL)
        return;
    json_out_object (builder, "provenance");
    json_out_text (builder, "builder", provenance->builder);
    json_out_text (builder, "handcarry", provenance->handcarry);
    json_out_text (builder, "libzstd", provenance->libzstd);
    json_out_digest (builder, "release-file", &provenance->release_file);
    if (provenance->has_lock)
        json_out_digest (builder, "lock", &provenance->lock);
    json_out_text (builder, "source", provenance->source);
    if (provenance->revision != NULL) {
        json_out_text (builder, "revision", provenance->revision);
        json_out_flag (builder, "modified", provenance->modified);
        json_out_number (builder, "not-in-git", provenance->not_in_git);
    }
    json_out_list (builder, "images", provenance->images, add_image);
    json_builder_end_object (builder);
}
