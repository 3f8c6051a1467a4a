/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/tail.h"

#include "bundle/format.h"
#include "bundle/frame.h"
#include "bundle/member.h"
#include "keys/trust.h"

#include <string.h>

#define DIRECTORY_LINE "%s %020" G_GUINT64_FORMAT " %020" G_GUINT64_FORMAT "\n"

typedef struct {
    const char *name;
    GBytes *bytes;
} Item;

static void
add (GArray *items, const char *name, GBytes *bytes)
{
    Item item = { name, bytes };

    g_array_append_val (items, item);
}

static GArray *
list_items (const Tail *tail)
{
    GArray *items = g_array_new (FALSE, FALSE, sizeof (Item));

    if (!tail_is_trust (tail)) {
        add (items, "statement", tail->statement);
        add (items, "packing", tail->packing);
        add (items, "index", tail->index);
    }
    for (guint i = 0; i < tail->statement_votes->len; i++)
        add (items, "vote-statement", tail->statement_votes->pdata[i]);
    for (guint i = 0; i < tail->packing_votes->len; i++)
        add (items, "vote-packing", tail->packing_votes->pdata[i]);
    for (guint i = 0; i < tail->chain->len; i++) {
        const SignedRoot *root = tail->chain->pdata[i];

        add (items, "root", root->text);
        for (guint v = 0; v < root->votes->len; v++)
            add (items, "vote-root", root->votes->pdata[v]);
    }
    return items;
}

/* The directory has lines of fixed width, so its length is known before its numbers are. */
static GByteArray *
write_payload (const Tail *tail)
{
    g_autoptr (GArray) items = list_items (tail);
    g_autoptr (GString) directory = g_string_new (TAIL_TYPE_LINE "\n");
    GByteArray *payload = g_byte_array_new ();
    guint64 at = tail->offset + ZSTD_SKIPPABLE_HEADER + directory->len + 1;

    for (guint i = 0; i < items->len; i++)
        at += strlen (g_array_index (items, Item, i).name) + 43;
    for (guint i = 0; i < items->len; i++) {
        const Item *item = &g_array_index (items, Item, i);

        g_string_append_printf (directory, DIRECTORY_LINE, item->name, at,
                                (guint64)g_bytes_get_size (item->bytes));
        at += g_bytes_get_size (item->bytes);
    }
    g_string_append_c (directory, '\n');
    g_byte_array_append (payload, (const guint8 *)directory->str, (guint)directory->len);
    for (guint i = 0; i < items->len; i++) {
        gsize length;
        const guint8 *bytes = g_bytes_get_data (g_array_index (items, Item, i).bytes, &length);

        g_byte_array_append (payload, bytes, (guint)length);
    }
    return payload;
}

static void
append_bytes (GByteArray *to, GBytes *bytes)
{
    gsize length;
    const guint8 *from = g_bytes_get_data (bytes, &length);

    g_byte_array_append (to, from, (guint)length);
}

GBytes *
tail_write (const Tail *tail)
{
    g_autoptr (GByteArray) payload = write_payload (tail);
    g_autoptr (GBytes) frame = frame_skippable (payload->data, payload->len);
    g_autofree char *footer =
        g_strdup_printf (FOOTER_FORMAT, tail->offset, (guint64)g_bytes_get_size (frame));
    g_autoptr (GBytes) footer_frame = frame_skippable ((const guint8 *)footer, strlen (footer));
    GByteArray *out = g_byte_array_new ();

    append_bytes (out, frame);
    append_bytes (out, footer_frame);
    return g_byte_array_free_to_bytes (out);
}

static void
append_member (GByteArray *to, const char *name, GBytes *content)
{
    static const guint8 zeros[TAR_BLOCK];
    guint64 size = g_bytes_get_size (content);
    g_autoptr (GBytes) header = member_header (name, size, FALSE);

    append_bytes (to, header);
    append_bytes (to, content);
    g_byte_array_append (to, zeros, (guint)member_padding (size));
}

GBytes *
tail_texts_frame (GBytes *statement, GBytes *packing)
{
    static const guint8 zeros[TAR_END];
    g_autoptr (GByteArray) tar = g_byte_array_new ();

    append_member (tar, "statement.yaml", statement);
    append_member (tar, "packing.yaml", packing);
    g_byte_array_append (tar, zeros, TAR_END);
    return frame_raw (tar->data, tar->len);
}
