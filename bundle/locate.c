/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/locate.h"

#include "bundle/decode.h"
#include "bundle/member.h"
#include "bundle/rebuild-state.h"
#include "manifest/error.h"
#include "manifest/limits.h"
#include "manifest/message.h"

#include <string.h>

typedef struct {
    guint8 *bytes;
    gsize length, room;
} Taken;

static gboolean
take (const guint8 *bytes, gsize length, gpointer data, GError **error)
{
    Taken *taken = data;

    if (length > taken->room - taken->length)
        return fail (error, ERR_FORMAT, "a frame has more content than the index says");
    memcpy (taken->bytes + taken->length, bytes, length);
    taken->length += length;
    return TRUE;
}

static guint8 *
read_apart (Bundle *bundle, guint frame, gsize length, GError **error)
{
    g_autofree char *what = message_printf ("frame %u", frame);
    g_autofree guint8 *bytes = g_malloc (length);
    Taken taken = { bytes, 0, length };
    const DecodeRequest request = {
        .kind = DECODE_FRAME, .number = frame, .fd = -1, .what = what, .sink = take, .data = &taken
    };

    if (!decode_ask (bundle, &request, NULL, error))
        return NULL;
    if (taken.length != length)
        return fail_null (error, ERR_FORMAT, "%s has less content than the index says", what);
    return g_steal_pointer (&bytes);
}

guint8 *
locate_read_frame (Bundle *bundle, guint frame, gsize *length, GError **error)
{
    if (frame >= bundle->frames->len)
        return fail_null (error, ERR_FAILED, "there is no frame %u", frame);
    *length = (gsize)g_array_index (bundle->frames, Frame, frame).content;
    return bundle->apart ? read_apart (bundle, frame, *length, error)
                         : bundle_read_content (bundle, frame, error);
}

static char *
locate_apart (Bundle *bundle, Region region, guint64 offset, guint64 *inside, GError **error)
{
    DecodeRequest request = { .kind = DECODE_MEMBER,
                              .number = region,
                              .size = offset,
                              .fd = -1,
                              .what = "the names of its members" };
    WireHead head;
    g_autoptr (GBytes) name =
        decode_ask_bytes (bundle, &request, LIMIT_PATH_BYTES + sizeof "tree/", &head, error);
    gsize length;
    const char *bytes;

    if (name == NULL)
        return NULL;
    bytes = g_bytes_get_data (name, &length);
    *inside = head.size;
    return length > 0 ? g_utf8_make_valid (bytes, (gssize)length) : NULL;
}

/* Members lie one behind the other, as handcarry writes them. */
static char *
locate_in_tar (Bundle *bundle, Region region, guint64 offset, guint64 *inside, GError **error)
{
    g_autoptr (RegionReader) bytes = region_reader_new (bundle, region);
    g_autoptr (MemberReader) members = member_reader_new (region_reader_read, bytes);
    guint64 begins = 0;

    for (;;) {
        const char *name;
        guint64 size, ends;
        gboolean executable;

        if (!member_reader_next (members, &name, &size, &executable, error) || name == NULL)
            return NULL;
        ends = begins + bundle_member_bytes (name, size, executable);
        if (offset < ends) {
            guint64 content = ends - member_padding (size) - size;

            *inside =
                offset >= content && offset - content < size ? offset - content : LOCATE_HEADER;
            return g_strdup (name);
        }
        begins = ends;
    }
}

static gboolean
holds (guint64 begins, guint64 length, guint64 offset)
{
    return offset >= begins && offset - begins < length;
}

static gboolean
takes (const RecipeFile *file, Region region, guint64 offset)
{
    if (file->kind == RECIPE_CONTENT)
        return region == REGION_DATA && holds (file->data_at, file->inner, offset);
    if (file->kind != RECIPE_PATCH)
        return FALSE;
    return (region == REGION_CONTROL &&
            holds (file->control_at, file->control + file->gaps + file->runs, offset)) ||
           (region == REGION_DIFFERENCE && holds (file->values_at, file->values, offset)) ||
           (region == REGION_EXTRA && holds (file->extra_at, file->extra, offset));
}

static gboolean
recipe_takes (const Rebuild *rebuild, guint k, Region region, guint64 offset)
{
    const Recipe *recipe = rebuild->recipes->pdata[k];

    if (region == REGION_LITERALS) {
        const Recipe *next = k + 1 < rebuild->recipes->len ? rebuild->recipes->pdata[k + 1] : NULL;
        guint64 ends = next != NULL ? next->literals_at : rebuild->table->literals;

        return holds (recipe->literals_at, ends - recipe->literals_at, offset);
    }
    for (guint64 i = 0; i < recipe->n_files; i++)
        if (takes (&g_array_index (rebuild->table->files, RecipeFile, recipe->first_file + i),
                   region, offset))
            return TRUE;
    return FALSE;
}

static char *
locate_in_stream (Bundle *bundle, Region region, guint64 offset, GError **error)
{
    g_autoptr (GArray) none = g_array_new (FALSE, FALSE, sizeof (Digest));
    g_autoptr (Rebuild) rebuild = rebuild_new_with (bundle, none, -1, error);

    for (guint k = 0; rebuild != NULL && k < rebuild->recipes->len; k++) {
        const StatementLayer *layer = rebuild->layers->pdata[k];
        g_autofree char *hex = digest_to_hex (&layer->diffid);

        if (recipe_takes (rebuild, k, region, offset))
            return g_strconcat ("layers/", hex, NULL);
    }
    return NULL;
}

char *
locate_member (Bundle *bundle, Region region, guint64 offset, guint64 *inside, GError **error)
{
    *inside = 0;
    if ((guint)region >= N_REGIONS)
        return fail_null (error, ERR_FAILED, "there is no region %u", region);
    if (bundle->apart)
        return locate_apart (bundle, region, offset, inside, error);
    return region <= REGION_META ? locate_in_tar (bundle, region, offset, inside, error)
                                 : locate_in_stream (bundle, region, offset, error);
}
