/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/json-out.h"

void
json_out_text (JsonBuilder *builder, const char *name, const char *text)
{
    if (text == NULL)
        return;
    json_builder_set_member_name (builder, name);
    json_builder_add_string_value (builder, text);
}

void
json_out_number (JsonBuilder *builder, const char *name, guint64 number)
{
    json_builder_set_member_name (builder, name);
    json_builder_add_int_value (builder, (gint64)number);
}

void
json_out_flag (JsonBuilder *builder, const char *name, gboolean flag)
{
    json_builder_set_member_name (builder, name);
    json_builder_add_boolean_value (builder, flag);
}

void
json_out_digest (JsonBuilder *builder, const char *name, const Digest *digest)
{
    g_autofree char *text = digest_to_text (digest);

    json_out_text (builder, name, text);
}

void
json_out_digests (JsonBuilder *builder, const char *name, const GArray *digests)
{
    json_builder_set_member_name (builder, name);
    json_builder_begin_array (builder);
    for (guint i = 0; i < digests->len; i++) {
        g_autofree char *text = digest_to_text (&g_array_index (digests, Digest, i));

        json_builder_add_string_value (builder, text);
    }
    json_builder_end_array (builder);
}

void
json_out_texts (JsonBuilder *builder, const char *name, char **texts)
{
    json_builder_set_member_name (builder, name);
    json_builder_begin_array (builder);
    for (; texts != NULL && *texts != NULL; texts++)
        json_builder_add_string_value (builder, *texts);
    json_builder_end_array (builder);
}

void
json_out_lines (JsonBuilder *builder, const char *name, const GPtrArray *lines)
{
    json_builder_set_member_name (builder, name);
    json_builder_begin_array (builder);
    for (guint i = 0; i < lines->len; i++)
        json_builder_add_string_value (builder, g_ptr_array_index (lines, i));
    json_builder_end_array (builder);
}

void
json_out_object (JsonBuilder *builder, const char *name)
{
    json_builder_set_member_name (builder, name);
    json_builder_begin_object (builder);
}

void
json_out_list (JsonBuilder *builder, const char *name, const GPtrArray *items,
               void (*add_item) (JsonBuilder *builder, gconstpointer item))
{
    json_builder_set_member_name (builder, name);
    json_builder_begin_array (builder);
    for (guint i = 0; i < items->len; i++) {
        json_builder_begin_object (builder);
        add_item (builder, items->pdata[i]);
        json_builder_end_object (builder);
    }
    json_builder_end_array (builder);
}
