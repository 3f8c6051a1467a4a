/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/base-table.h"
#include "bundle/decode.h"
#include "bundle/format.h"
#include "bundle/rebuild-state.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/message.h"

/* A rebuild whose bundle is read by a process of its own. What it makes is proven here. */

static gboolean
take_frames (Rebuild *rebuild, const guint8 *flags, gsize length, GError **error)
{
    if (length < rebuild->bundle->frames->len)
        return fail (error, ERR_FORMAT, "the answer lacks frames");
    for (guint i = 0; i < rebuild->bundle->frames->len; i++)
        rebuild->frames[i] = flags[i] != 0;
    return TRUE;
}

static gboolean
take_answer (Rebuild *rebuild, GBytes *answer, GError **error)
{
    guint frames = rebuild->bundle->frames->len;
    gsize length;
    const guint8 *bytes = g_bytes_get_data (answer, &length);
    g_autoptr (GBytes) table = NULL;

    if (!take_frames (rebuild, bytes, length, error))
        return FALSE;
    table = g_bytes_new_from_bytes (answer, frames, length - frames);
    if (!base_table_parse (table, rebuild->lent, error))
        return FALSE;
    for (guint i = 0; i < rebuild->lent->len; i++)
        if (!rebuild_check_base (rebuild, &g_array_index (rebuild->lent, BaseFile, i), error))
            return FALSE;
    return TRUE;
}

gboolean
rebuild_apart_open (Rebuild *rebuild, GArray *layers, const char *spool_dir, GError **error)
{
    autofd int spool = file_temporary (spool_dir, error);
    DecodeRequest request = { .kind = DECODE_REBUILD,
                              .bytes = layers->data,
                              .length = layers->len * sizeof (Digest),
                              .fd = spool,
                              .what = "recipes" };
    g_autoptr (GBytes) answer = NULL;
    WireHead head;

    if (spool < 0)
        return FALSE;
    rebuild->lent = base_table_new ();
    answer = decode_ask_bytes (rebuild->bundle, &request, LIMIT_META_BYTES, &head, error);
    if (answer == NULL)
        return FALSE;
    /* With 0 this would be a rebuild that nobody reads apart. */
    if (head.number == 0)
        return fail (error, ERR_FORMAT, "the answer has no number");
    rebuild->number = head.number;
    return take_answer (rebuild, answer, error);
}

typedef struct {
    const Rebuild *rebuild;
    RebuildSink sink;
    gpointer data;
    guint64 left;
} Layer;

static gboolean
take_layer (const guint8 *bytes, gsize length, gpointer data, GError **error)
{
    Layer *layer = data;

    if (length > layer->left)
        return fail (error, ERR_FORMAT, "its recipe makes more bytes than signed");
    layer->left -= length;
    digest_stream_add (layer->rebuild->digest, bytes, length);
    return layer->sink (bytes, length, layer->data, error);
}

gboolean
rebuild_apart_layer (Rebuild *rebuild, const StatementLayer *wanted, RebuildSink sink,
                     gpointer data, GError **error)
{
    Layer layer = { rebuild, sink, data, wanted->bytes };
    g_autofree char *text = digest_to_text (&wanted->diffid);
    g_autofree char *what = message_printf ("layer %s", text);
    const DecodeRequest request = { .kind = DECODE_LAYER,
                                    .number = rebuild->number,
                                    .bytes = &wanted->diffid,
                                    .length = sizeof wanted->diffid,
                                    .fd = -1,
                                    .what = what,
                                    .sink = take_layer,
                                    .data = &layer };
    gboolean done;

    decode_lend (rebuild->bundle, rebuild->lent);
    done = decode_ask (rebuild->bundle, &request, NULL, error);
    decode_lend (rebuild->bundle, NULL);
    return done && rebuild_prove (rebuild, &wanted->diffid, error);
}

gboolean
rebuild_apart_complete (const Rebuild *rebuild, GError **error)
{
    const DecodeRequest request = {
        .kind = DECODE_COMPLETE, .number = rebuild->number, .fd = -1, .what = "recipes"
    };

    return decode_ask (rebuild->bundle, &request, NULL, error);
}

/* Where the reader is gone, so is what it had. */
void
rebuild_apart_close (Rebuild *rebuild)
{
    const DecodeRequest request = {
        .kind = DECODE_REBUILD_CLOSE, .number = rebuild->number, .fd = -1, .what = "recipes"
    };
    g_autoptr (GError) ignored = NULL;

    if (rebuild->number != 0 && !decode_ask (rebuild->bundle, &request, NULL, &ignored))
        g_debug ("%s", ignored->message);
    g_clear_pointer (&rebuild->lent, g_array_unref);
}
