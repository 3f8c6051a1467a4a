/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/cmp.h"

#include "bundle/format.h"
#include "bundle/locate.h"
#include "bundle/provenance.h"
#include "bundle/reader.h"
#include "bundle/stream.h"
#include "keys/trust.h"
#include "manifest/error.h"

#include <string.h>

#define WINDOW (1024 * 1024)

void
cmp_clear (Cmp *cmp)
{
    for (Region region = 0; region < N_REGIONS; region++)
        for (guint side = 0; side < 2; side++)
            g_clear_pointer (&cmp->regions[region].place.member[side], g_free);
}

static const Frame *
frame_at (const Bundle *bundle, guint i)
{
    return &g_array_index (bundle->frames, Frame, i);
}

static gboolean
same_frame (const Bundle *a, guint i, const Bundle *b, guint k)
{
    return frame_at (a, i)->compressed == frame_at (b, k)->compressed &&
           frame_at (a, i)->content == frame_at (b, k)->content &&
           digest_equal (&frame_at (a, i)->digest, &frame_at (b, k)->digest);
}

/* Of n bytes, how many are the same before the first that is not. */
static gsize
count_same (const guint8 *a, const guint8 *b, gsize n)
{
    gsize i = 0;

    if (memcmp (a, b, n) == 0)
        return n;
    while (a[i] == b[i])
        i++;
    return i;
}

/* The first byte, from `from` on, that is not the same in both. */
static gboolean
find_byte (Bundle *const bundles[2], guint64 from, Progress *progress, CmpBytes *found,
           GError **error)
{
    guint64 end = MIN (bundle_file_bytes (bundles[0]), bundle_file_bytes (bundles[1]));
    g_autofree guint8 *a = g_malloc (WINDOW);
    g_autofree guint8 *b = g_malloc (WINDOW);

    for (guint64 at = from; at < end; at += WINDOW) {
        gsize n = (gsize)MIN (end - at, WINDOW), same;

        if (!parts_pread (bundles[0]->parts, a, n, at, error) ||
            !parts_pread (bundles[1]->parts, b, n, at, error))
            return FALSE;
        progress_add (progress, n);
        same = count_same (a, b, n);
        if (same == n)
            continue;
        found->at = at + same;
        return TRUE;
    }
    found->at = end;
    found->same = bundle_file_bytes (bundles[0]) == bundle_file_bytes (bundles[1]) && from == 0;
    found->ended = !found->same;
    return TRUE;
}

static gboolean
frame_of (const Bundle *bundle, guint64 at, guint *frame)
{
    for (guint i = 0; i < bundle->frames->len; i++)
        if (at < frame_at (bundle, i)->offset + frame_at (bundle, i)->compressed) {
            *frame = i;
            return TRUE;
        }
    return FALSE;
}

char *
cmp_describe_byte (const Bundle *bundle, guint64 at)
{
    guint frame;

    return frame_of (bundle, at, &frame) ? bundle_describe_frame (bundle, frame) : NULL;
}

/* The same by both indexes, and yet not: one of them, or both, is not what its index says. */
static gboolean
find_damaged (Bundle *const bundles[2], CmpBytes *found, GError **error)
{
    g_autofree guint8 *bytes = NULL;
    const Frame *frame;

    if (found->same || !frame_of (bundles[0], found->at, &found->frame) ||
        found->frame >= bundles[1]->frames->len ||
        !same_frame (bundles[0], found->frame, bundles[1], found->frame))
        return TRUE;
    frame = frame_at (bundles[0], found->frame);
    bytes = g_malloc (frame->compressed);
    for (guint side = 0; side < 2; side++) {
        Digest digest;

        if (!parts_pread (bundles[side]->parts, bytes, frame->compressed, frame->offset, error))
            return FALSE;
        digest = digest_of (bytes, frame->compressed);
        found->damaged[side] = !digest_equal (&digest, &frame->digest);
    }
    return TRUE;
}

/* Where the indexes part; the length of what they have in common. */
static gboolean
compare_bytes (Bundle *const bundles[2], Progress *progress, CmpBytes *found, GError **error)
{
    guint common = 0, least = MIN (bundles[0]->frames->len, bundles[1]->frames->len);
    gboolean same_index = g_bytes_equal (bundles[0]->tail->index, bundles[1]->tail->index);
    guint64 from = 0;
    gboolean ok;

    while (common < least && same_frame (bundles[0], common, bundles[1], common))
        common++;
    if (!same_index && common > 0)
        from = frame_at (bundles[0], common - 1)->offset +
               frame_at (bundles[0], common - 1)->compressed;
    progress_begin (progress, "comparing bytes",
                    MIN (bundle_file_bytes (bundles[0]), bundle_file_bytes (bundles[1])) - from);
    ok = find_byte (bundles, from, progress, found, error);
    progress_end (progress);
    return ok && find_damaged (bundles, found, error);
}

/* A region of one side as a run of bytes; of a stream only what its frames pay load. */
typedef struct {
    Bundle *bundle;
    gboolean stream;
    guint next, end, first;
    GArray *begins; /* of a stream: guint64, where each frame's payload begins */
    guint8 *content;
    gsize at, length;
} Run;

static void
run_clear (Run *run)
{
    g_clear_pointer (&run->begins, g_array_unref);
    g_clear_pointer (&run->content, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

static gboolean
run_init (Run *run, Bundle *bundle, Region region, GError **error)
{
    guint count;

    *run = (Run){ .bundle = bundle, .stream = region >= REGION_LITERALS };
    bundle_region (bundle, region, &run->first, &count);
    run->next = run->first;
    run->end = run->first + count;
    if (!run->stream)
        return TRUE;
    run->begins = stream_layout (bundle, region, error);
    return run->begins != NULL;
}

static gsize
payload_of (const Run *run, guint frame)
{
    const guint64 *begins;

    if (!run->stream)
        return (gsize)frame_at (run->bundle, frame)->content;
    begins = &g_array_index (run->begins, guint64, frame - run->first);
    return (gsize)(begins[1] - begins[0]);
}

static gboolean
run_fill (Run *run, GError **error)
{
    gsize length;

    if (run->at < run->length || run->next == run->end)
        return TRUE;
    g_clear_pointer (&run->content, g_free);
    run->content = locate_read_frame (run->bundle, run->next, &length, error);
    if (run->content == NULL)
        return FALSE;
    run->at = run->stream ? TAR_BLOCK : 0;
    run->length = run->at + payload_of (run, run->next++);
    return TRUE;
}

/* Frames that both have next are the same content. */
static gboolean
skip_same (Run *a, Run *b, guint64 *at)
{
    if (a->at < a->length || b->at < b->length || a->next == a->end || b->next == b->end ||
        !same_frame (a->bundle, a->next, b->bundle, b->next))
        return FALSE;
    *at += payload_of (a, a->next);
    a->next++;
    b->next++;
    return TRUE;
}

static gboolean
compare_content (Run *a, Run *b, CmpRegion *found, GError **error)
{
    guint64 at = 0;

    for (;;) {
        gsize n, same;

        while (skip_same (a, b, &at))
            continue;
        if (!run_fill (a, error) || !run_fill (b, error))
            return FALSE;
        n = MIN (a->length - a->at, b->length - b->at);
        if (n == 0)
            break;
        same = count_same (a->content + a->at, b->content + b->at, n);
        a->at += same;
        b->at += same;
        at += same;
        if (same < n)
            break;
    }
    found->place.at = at;
    found->same_content = a->at == a->length && b->at == b->length;
    return TRUE;
}

static gboolean
run_skip (Run *run, guint64 length, GError **error)
{
    while (length > 0) {
        gsize n;

        if (!run_fill (run, error))
            return FALSE;
        n = (gsize)MIN (length, run->length - run->at);
        if (n == 0)
            return fail (error, ERR_FORMAT, "a member is longer than its region");
        run->at += n;
        length -= n;
    }
    return TRUE;
}

/* Where the member that differs ends on a side: the difference lies in its header of one block, or
 * in its bytes. */
static gboolean
find_end (Bundle *bundle, const CmpPlace *place, guint side, guint64 *end, GError **error)
{
    g_autoptr (GBytes) text = bundle_read_provenance_text (bundle, error);
    gboolean header = place->inside[side] == LOCATE_HEADER;
    guint64 begin =
        header ? place->at - place->at % TAR_BLOCK : place->at - place->inside[side] - TAR_BLOCK;

    if (text == NULL)
        return FALSE;
    *end = begin + bundle_member_bytes (PROVENANCE_MEMBER, g_bytes_get_size (text), FALSE);
    return TRUE;
}

/* Who builds with another zstd says so in the provenance, which so differs, too: does nothing else?
 */
static gboolean
compare_behind_provenance (Bundle *const bundles[2], CmpRegion *found, GError **error)
{
    CmpRegion rest = { 0 };
    g_auto (Run) a = { 0 };
    g_auto (Run) b = { 0 };
    Run *const runs[2] = { &a, &b };

    for (guint side = 0; side < 2; side++) {
        guint64 end;

        if (g_strcmp0 (found->place.member[side], PROVENANCE_MEMBER) != 0)
            return TRUE;
        if (!find_end (bundles[side], &found->place, side, &end, error) ||
            !run_init (runs[side], bundles[side], REGION_META, error) ||
            !run_skip (runs[side], end, error))
            return FALSE;
    }
    if (!compare_content (&a, &b, &rest, error))
        return FALSE;
    found->only_provenance = rest.same_content;
    return TRUE;
}

static guint64
bytes_of (const Bundle *bundle, Region region)
{
    return bundle->packing->regions[region].bytes;
}

static gboolean
compare_region (Bundle *const bundles[2], Region region, CmpRegion *found, GError **error)
{
    guint first[2];
    g_auto (Run) a = { 0 };
    g_auto (Run) b = { 0 };

    for (guint side = 0; side < 2; side++)
        bundle_region (bundles[side], region, &first[side], &found->frames[side]);
    for (guint i = 0; i < MAX (found->frames[0], found->frames[1]); i++) {
        if (i < MIN (found->frames[0], found->frames[1]) &&
            same_frame (bundles[0], first[0] + i, bundles[1], first[1] + i))
            continue;
        if (found->differ++ == 0)
            found->first = i;
    }
    found->same_content = found->differ == 0;
    if (found->same_content)
        return TRUE;
    if (!run_init (&a, bundles[0], region, error) || !run_init (&b, bundles[1], region, error) ||
        !compare_content (&a, &b, found, error))
        return FALSE;
    for (guint side = 0; !found->same_content && side < 2; side++) {
        GError *failed = NULL;

        if (found->place.at >= bytes_of (bundles[side], region))
            continue;
        found->place.member[side] = locate_member (bundles[side], region, found->place.at,
                                                   &found->place.inside[side], &failed);
        if (failed != NULL) {
            g_propagate_error (error, failed);
            fail_prefix (error, "%s", bundles[side]->path);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean
same_bytes (gconstpointer a, gconstpointer b)
{
    return g_bytes_equal (a, b);
}

static guint
count_alone (const GPtrArray *mine, const GPtrArray *others)
{
    guint alone = 0;

    for (guint i = 0; i < mine->len; i++)
        alone += !g_ptr_array_find_with_equal_func ((GPtrArray *)others, mine->pdata[i], same_bytes,
                                                    NULL);
    return alone;
}

static gboolean
same_list (const GPtrArray *a, const GPtrArray *b)
{
    gboolean same = a->len == b->len;

    for (guint i = 0; same && i < a->len; i++)
        same = g_bytes_equal (a->pdata[i], b->pdata[i]);
    return same;
}

static gboolean
same_chain (const GPtrArray *a, const GPtrArray *b)
{
    gboolean same = a->len == b->len;

    for (guint i = 0; same && i < a->len; i++) {
        const SignedRoot *mine = a->pdata[i], *other = b->pdata[i];

        same = g_bytes_equal (mine->text, other->text) && same_list (mine->votes, other->votes);
    }
    return same;
}

static void
compare_signatures (const Tail *a, const Tail *b, Cmp *found)
{
    const Tail *const tails[2] = { a, b };

    for (guint side = 0; side < 2; side++) {
        const Tail *mine = tails[side], *other = tails[1 - side];

        found->votes[side][0] = mine->statement_votes->len;
        found->votes[side][1] = mine->packing_votes->len;
        found->alone[side][0] = count_alone (mine->statement_votes, other->statement_votes);
        found->alone[side][1] = count_alone (mine->packing_votes, other->packing_votes);
    }
    found->same_votes = same_list (a->statement_votes, b->statement_votes) &&
                        same_list (a->packing_votes, b->packing_votes);
    found->same_roots = same_chain (a->chain, b->chain);
}

gboolean
cmp_bundles (Bundle *a, Bundle *b, Progress *progress, Cmp *cmp, GError **error)
{
    Bundle *const bundles[2] = { a, b };

    compare_signatures (a->tail, b->tail, cmp);
    if (!compare_bytes (bundles, progress, &cmp->bytes, error))
        return FALSE;
    for (Region region = 0; region < N_REGIONS; region++)
        if (!compare_region (bundles, region, &cmp->regions[region], error))
            return fail_prefix (error, "comparing region '%s'", packing_region_name (region));
    return compare_behind_provenance (bundles, &cmp->regions[REGION_META], error);
}
