/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/provenance.h"
#include "bundle/sbom.h"
#include "manifest/packing.h"
#include "manifest/statement.h"

#include <glib.h>
#include <json-glib/json-glib.h>

/* What show prints of a bundle. Belongs to the verb: its functions print to stdout. */
typedef struct {
    const Statement *statement;
    const Packing *packing;
    Digest release_digest;
    guint64 file_bytes;
    GPtrArray *packages; /* PackageList, beside the statement's images; NULL: not asked for */
    const Provenance *provenance; /* NULL: it could not be read, which was said */
} ShowInput;

void show_print_text (const ShowInput *input);
/* Parts of it in a file of their own: how the file carries the release, and packages by image. */
void show_print_packing (const ShowInput *input);
void show_print_packages (const ShowInput *input);
/* Words after a label, on as many lines as they need; nothing where there are none. */
void show_print_words (const char *label, char **words);
/* From which sources, and by whom. */
void show_print_provenance (const ShowInput *input);
/* The same as a member of the object that is built; nothing where it is NULL. */
void show_add_provenance (JsonBuilder *builder, const Provenance *provenance);
void show_print_json (const ShowInput *input);
/* The SBOM of an image, byte by byte. name may be NULL where all images have the same config. */
gboolean show_print_sbom (Bundle *bundle, const char *name,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
