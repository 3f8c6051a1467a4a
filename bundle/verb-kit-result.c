/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/verb-kit.h"
#include "manifest/json-out.h"
#include "manifest/size.h"
#include "manifest/verb-json.h"

static void
add_written (JsonBuilder *builder, gconstpointer item)
{
    const KitWritten *written = item;

    json_out_text (builder, "file", written->path);
    json_out_number (builder, "bytes", written->bytes);
    json_out_digest (builder, "digest", &written->digest);
    json_out_text (builder, "signature", written->signature);
}

static void
print_json (const Kit *kit, const GPtrArray *all)
{
    g_autoptr (JsonBuilder) builder = json_builder_new ();

    json_builder_begin_object (builder);
    json_out_text (builder, "schema", "handcarry-kit-1");
    json_out_flag (builder, "changed", TRUE);
    json_out_text (builder, "version", HANDCARRY_VERSION);
    json_out_text (builder, "machine", kit->machine);
    json_out_number (builder, "files", kit->files->len + KIT_OWN_FILES);
    json_out_list (builder, "written", all, add_written);
    json_out_lines (builder, "missing", kit->missing);
    json_builder_end_object (builder);
    verb_json_print (builder);
}

static void
print_text (const VerbOutput *output, const Kit *kit, const GPtrArray *all)
{
    verb_print (output, "version    %s for %s, %u files\n", HANDCARRY_VERSION, kit->machine,
                kit->files->len + KIT_OWN_FILES);
    for (guint i = 0; i < all->len; i++) {
        const KitWritten *written = all->pdata[i];
        g_autofree char *size = size_to_text (written->bytes);
        g_autofree char *hex = digest_to_hex (&written->digest);

        verb_print (output, "kit        %s, %s\nsha256     %s\n", written->path, size, hex);
        if (written->signature != NULL)
            verb_print (output, "signature  %s\n", written->signature);
    }
}

void
verb_kit_print (const VerbOutput *output, const Kit *kit, const GPtrArray *written)
{
    if (output->json)
        print_json (kit, written);
    else
        print_text (output, kit, written);
}
