/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/stream.h"

#include "bundle/format.h"
#include "bundle/member.h"
#include "bundle/reader.h"
#include "manifest/error.h"

#include <string.h>

/* A frame on its way: made by a thread, taken by the reader. */
typedef struct {
    Bundle *bundle;
    guint frame;
    GThread *thread;
    guint8 *content;
    GError *error;
} Fetch;

struct Stream {
    Bundle *bundle;
    Region region;
    guint first, count; /* frames */
    GArray *begins;     /* guint64, count + 1 */
    gboolean *wanted;
    guint current; /* frame of the region in content; count where none */
    guint8 *content;
    Fetch ahead; /* thread NULL where none */
};

char *
stream_member_name (Region region, guint k)
{
    return g_strdup_printf ("content/%s.%06u", packing_region_name (region), k);
}

GArray *
stream_layout (const Bundle *bundle, Region region, GError **error)
{
    g_autoptr (GArray) begins = g_array_new (FALSE, FALSE, sizeof (guint64));
    guint64 total = bundle->packing->regions[region].bytes, at = 0;
    guint first, count;

    bundle_region (bundle, region, &first, &count);
    g_array_append_val (begins, at);
    for (guint k = 0; k < count; k++) {
        guint64 content = g_array_index (bundle->frames, Frame, first + k).content;
        guint64 payload = content - TAR_BLOCK;

        /* Only the last frame's payload may be padded. */
        if (content <= TAR_BLOCK)
            return fail_null (error, ERR_FORMAT, "frame %u of '%s' is too short", k,
                              packing_region_name (region));
        if (k + 1 == count && at < total && total - at <= payload &&
            total - at + member_padding (total - at) == payload)
            payload = total - at;
        at += payload;
        g_array_append_val (begins, at);
    }
    if (at != total)
        return fail_null (error, ERR_FORMAT,
                          "stream '%s' has %" G_GUINT64_FORMAT " bytes in its frames and "
                          "%" G_GUINT64_FORMAT " by the packing list",
                          packing_region_name (region), at, total);
    return g_steal_pointer (&begins);
}

Stream *
stream_new (Bundle *bundle, Region region, gboolean *wanted, GError **error)
{
    g_autoptr (Stream) stream = g_new0 (Stream, 1);

    stream->bundle = bundle;
    stream->region = region;
    stream->wanted = wanted;
    bundle_region (bundle, region, &stream->first, &stream->count);
    stream->current = stream->count;
    stream->begins = stream_layout (bundle, region, error);
    return stream->begins != NULL ? g_steal_pointer (&stream) : NULL;
}

/* The member's header must be the one that follows from its name and size. */
static gboolean
check_header (const Stream *stream, guint k, const guint8 *content, GError **error)
{
    const guint64 *begins = (const guint64 *)(gconstpointer)stream->begins->data;
    g_autofree char *name = stream_member_name (stream->region, k);
    g_autoptr (GBytes) header = member_header (name, begins[k + 1] - begins[k], FALSE);
    gsize length;
    gconstpointer bytes = g_bytes_get_data (header, &length);

    if (length != TAR_BLOCK || memcmp (bytes, content, TAR_BLOCK) != 0)
        return fail (error, ERR_FORMAT, "frame %u does not hold '%s'", stream->first + k, name);
    return TRUE;
}

static gpointer
fetch_thread (gpointer data)
{
    Fetch *fetch = data;

    fetch->content = bundle_read_content (fetch->bundle, fetch->frame, &fetch->error);
    return NULL;
}

static void
fetch_begin (Stream *stream, guint k)
{
    stream->ahead = (Fetch){ .bundle = stream->bundle, .frame = stream->first + k };
    stream->ahead.thread = g_thread_new ("frame", fetch_thread, &stream->ahead);
}

static guint8 *
fetch_take (Stream *stream, GError **error)
{
    g_thread_join (g_steal_pointer (&stream->ahead.thread));
    if (stream->ahead.error != NULL)
        g_propagate_error (error, g_steal_pointer (&stream->ahead.error));
    return g_steal_pointer (&stream->ahead.content);
}

static void
fetch_drop (Stream *stream)
{
    if (stream->ahead.thread == NULL)
        return;
    g_free (fetch_take (stream, NULL));
}

/* Makes frame k the current one. */
static gboolean
load (Stream *stream, guint k, GError **error)
{
    g_clear_pointer (&stream->content, g_free);
    stream->current = stream->count;
    if (stream->ahead.thread != NULL && stream->ahead.frame == stream->first + k) {
        stream->content = fetch_take (stream, error);
    } else {
        fetch_drop (stream);
        stream->content = bundle_read_content (stream->bundle, stream->first + k, error);
    }
    if (stream->content == NULL || !check_header (stream, k, stream->content, error))
        return FALSE;
    stream->current = k;
    for (guint next = k + 1; next < stream->count; next++)
        if (stream->wanted == NULL || stream->wanted[next]) {
            fetch_begin (stream, next);
            break;
        }
    return TRUE;
}

guint
stream_frame_of (const Stream *stream, guint64 offset)
{
    const guint64 *begins = (const guint64 *)(gconstpointer)stream->begins->data;
    guint low = 0, high = stream->count;

    while (low + 1 < high) {
        guint middle = low + (high - low) / 2;

        if (begins[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

const guint8 *
stream_peek (Stream *stream, guint64 offset, guint64 length, gsize *available, GError **error)
{
    const guint64 *begins = (const guint64 *)(gconstpointer)stream->begins->data;
    guint k;

    if (offset >= begins[stream->count] || length > begins[stream->count] - offset)
        return fail_null (error, ERR_FORMAT,
                          "recipes read past the end of stream '%s' (%" G_GUINT64_FORMAT " bytes)",
                          packing_region_name (stream->region), begins[stream->count]);
    k = stream->current;
    if (k == stream->count || offset < begins[k] || offset >= begins[k + 1]) {
        k = stream_frame_of (stream, offset);
        if (!load (stream, k, error))
            return NULL;
    }
    *available = (gsize)MIN (length, begins[k + 1] - offset);
    return stream->content + TAR_BLOCK + (offset - begins[k]);
}

void
stream_free (Stream *stream)
{
    if (stream == NULL)
        return;
    fetch_drop (stream);
    g_clear_pointer (&stream->begins, g_array_unref);
    g_free (stream->content);
    g_free (stream->wanted);
    g_free (stream);
}
