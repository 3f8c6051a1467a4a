/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/diff-large.h"

#include "manifest/file.h"

#include <string.h>

/* What is the same is found where a block of the old file comes again, at any offset (the method of
 * rsync: Tridgell and Mackerras, "The rsync algorithm", 1996). */
#define BLOCK 4096
#define MULTIPLIER 0x9e3779b97f4a7c15ull /* any odd number */

#define NEW_WINDOW (4 * 1024 * 1024)
#define OLD_WINDOW (64 * 1024)   /* read here and there */
#define SLICE (8 * 1024 * 1024)  /* of the new file, compared byte by byte at a time */
#define REACH (24 * 1024 * 1024) /* of the old file around it */
/* Where this much of the beginning of a slice is nowhere in the old one, neither is the rest: it
 * would take a second for each megabyte to find that out. */
#define SAMPLE (128 * 1024)
#define SAMPLE_EXTRA (SAMPLE / 8 * 7)

/* A part of a file in memory. */
typedef struct {
    const DiffPiece *piece;
    guint8 *bytes;
    gsize size; /* of bytes */
    guint64 begin;
    gsize length;
} Window;

typedef struct {
    Window old, new;
    guint64 *hashes; /* of the old file's blocks */
    guint32 *table;  /* number of a block + 1, by its hash; open addressing */
    gsize mask;      /* of the table */
    guint64 power;   /* MULTIPLIER to the power of BLOCK - 1 */
    PatchParts *parts;
    DiffFlush flush;
    gpointer data;
    guint64 done;     /* of the new file */
    guint64 old_done; /* where the last bytes that were the same end in the old one */
} Large;

gboolean
diff_piece_read (const DiffPiece *piece, guint64 at, guint8 *bytes, gsize length, GError **error)
{
    return file_pread_all (piece->tar->fd, "layer", bytes, length,
                           piece->tar->offset + piece->offset + at, error);
}

/* The bytes from at on: length of them are there for certain. */
static const guint8 *
window_at (Window *window, guint64 at, gsize length, GError **error)
{
    if (at < window->begin || at + length > window->begin + window->length) {
        window->begin = at;
        window->length = (gsize)MIN (window->size, window->piece->length - at);
        if (!diff_piece_read (window->piece, at, window->bytes, window->length, error))
            return NULL;
    }
    return window->bytes + (at - window->begin);
}

static guint64
hash_block (const guint8 *bytes)
{
    guint64 hash = 0;

    for (gsize i = 0; i < BLOCK; i++)
        hash = hash * MULTIPLIER + bytes[i];
    return hash;
}

static gsize
slot_of (const Large *large, guint64 hash)
{
    return (gsize)((hash * MULTIPLIER) >> 24) & large->mask;
}

/* Of equal blocks the first is entered. */
static gboolean
index_old (Large *large, GError **error)
{
    gsize n = (gsize)(large->old.piece->length / BLOCK);

    for (large->mask = 1024; large->mask < n * 4; large->mask *= 2)
        continue;
    large->table = g_new0 (guint32, large->mask);
    large->mask--;
    large->hashes = g_new (guint64, n + 1);
    for (gsize block = 0; block < n; block++) {
        const guint8 *bytes = window_at (&large->old, block * BLOCK, BLOCK, error);
        gsize slot;

        if (bytes == NULL)
            return FALSE;
        large->hashes[block] = hash_block (bytes);
        slot = slot_of (large, large->hashes[block]);
        while (large->table[slot] != 0 &&
               large->hashes[large->table[slot] - 1] != large->hashes[block])
            slot = (slot + 1) & large->mask;
        if (large->table[slot] == 0)
            large->table[slot] = (guint32)block + 1;
    }
    return TRUE;
}

static gboolean
find_block (const Large *large, guint64 hash, guint64 *old_at)
{
    for (gsize slot = slot_of (large, hash); large->table[slot] != 0;
         slot = (slot + 1) & large->mask) {
        guint32 block = large->table[slot] - 1;

        if (large->hashes[block] == hash) {
            *old_at = (guint64)block * BLOCK;
            return TRUE;
        }
    }
    return FALSE;
}

/* How many bytes are the same from there on; -1 on error. */
static gint64
same_length (Large *large, guint64 at, guint64 old_at, GError **error)
{
    guint64 most = MIN (large->new.piece->length - at, large->old.piece->length - old_at);
    guint64 same = 0;

    while (same < most) {
        gsize n = (gsize)MIN (BLOCK, most - same), i = 0;
        const guint8 *a = window_at (&large->new, at + same, n, error);
        const guint8 *b = a != NULL ? window_at (&large->old, old_at + same, n, error) : NULL;

        if (b == NULL)
            return -1;
        while (i < n && a[i] == b[i])
            i++;
        same += i;
        if (i < n)
            break;
    }
    return (gint64)same;
}

/* How many bytes before that are the same, and not yet done. It is less than a block, or the block
 * before would have been found. */
static gint64
same_before (Large *large, guint64 at, guint64 old_at, GError **error)
{
    guint8 new[BLOCK], old[BLOCK];
    gsize n = (gsize)MIN (MIN (at - large->done, old_at), BLOCK), same = 0;

    if (!diff_piece_read (large->new.piece, at - n, new, n, error) ||
        !diff_piece_read (large->old.piece, old_at - n, old, n, error))
        return -1;
    while (same < n && new[n - 1 - same] == old[n - 1 - same])
        same++;
    return (gint64)same;
}

static gboolean
flush (Large *large, GError **error)
{
    PatchParts *parts = large->parts;

    if (!large->flush (parts, large->data, error))
        return FALSE;
    g_byte_array_set_size (parts->control, 0);
    g_byte_array_set_size (parts->difference, 0);
    g_byte_array_set_size (parts->extra, 0);
    return TRUE;
}

static gboolean
is_hopeless (const guint8 *old, gsize old_length, const guint8 *new, gsize new_length)
{
    g_autoptr (PatchParts) parts = NULL;

    if (new_length <= SAMPLE)
        return FALSE;
    parts = patch_parts_new ();
    diff_add (parts, old, old_length, 0, new, SAMPLE);
    return parts->extra->len > SAMPLE_EXTRA;
}

/* Bytes of the new file that have no block in common with the old one. They are looked for around
 * old_at. */
static gboolean
add_slice (Large *large, guint64 at, gsize length, guint64 old_at, gsize old_length, GError **error)
{
    g_autofree guint8 *new = g_malloc (length);
    g_autofree guint8 *old = g_malloc (old_length + 1);

    if (!diff_piece_read (large->new.piece, at, new, length, error) ||
        !diff_piece_read (large->old.piece, old_at, old, old_length, error))
        return FALSE;
    if (old_length == 0 || is_hopeless (old, old_length, new, length))
        diff_add_extra (large->parts, new, length);
    else
        diff_add (large->parts, old, old_length, old_at, new, length);
    return flush (large, error);
}

/* The gap between two places that are the same. Where the old file has one there too that is not
 * too long, that is where to look. */
static gboolean
add_gap (Large *large, guint64 to, guint64 old_to, GError **error)
{
    guint64 old_from = large->old_done, old_length = large->old.piece->length;
    gboolean is_gap = old_to >= old_from && old_to - old_from <= REACH;

    for (guint64 at = large->done; at < to; at += SLICE) {
        gsize length = (gsize)MIN (SLICE, to - at);
        guint64 begin = old_from, end = old_to;

        if (!is_gap) {
            begin = old_from + (at - large->done);
            begin = begin > SLICE ? begin - SLICE : 0;
            begin = MIN (begin, old_length > REACH ? old_length - REACH : 0);
            end = MIN (begin + REACH, old_length);
        }
        if (!add_slice (large, at, length, begin, (gsize)(end - begin), error))
            return FALSE;
    }
    large->done = to;
    return TRUE;
}

static gboolean
add_same (Large *large, guint64 old_at, guint64 length, GError **error)
{
    for (guint64 i = 0; i < length; i += SLICE) {
        diff_add_same (large->parts, old_at + i, (gsize)MIN (SLICE, length - i));
        if (large->parts->difference->len >= SLICE && !flush (large, error))
            return FALSE;
    }
    large->done += length;
    large->old_done = old_at + length;
    return TRUE;
}

/* A block of the old file may be here: *found says whether it is, and then all that is the same
 * before and behind it is added. Going on at the distance of before comes first: many blocks are
 * equal. */
static gboolean
try_block (Large *large, guint64 at, guint64 block_at, gboolean *found, GError **error)
{
    guint64 guesses[] = { large->old_done + (at - large->done), block_at };

    for (guint i = 0; i < G_N_ELEMENTS (guesses) && !*found; i++) {
        guint64 old_at = guesses[i];
        gint64 before, same = old_at + BLOCK <= large->old.piece->length
                                  ? same_length (large, at, old_at, error)
                                  : 0;

        if (same < 0)
            return FALSE;
        if (same < BLOCK)
            continue;
        *found = TRUE;
        before = same_before (large, at, old_at, error);
        if (before < 0 || !add_gap (large, at - (guint64)before, old_at - (guint64)before, error) ||
            !add_same (large, old_at - (guint64)before, (guint64)(same + before), error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
walk (Large *large, GError **error)
{
    guint64 length = large->new.piece->length, at = 0, hash = 0;
    gboolean fresh = TRUE;

    while (at + BLOCK <= length) {
        const guint8 *bytes = window_at (&large->new, at, MIN (BLOCK + 1, length - at), error);
        guint64 old_at;
        gboolean found = FALSE;

        if (bytes == NULL)
            return FALSE;
        if (fresh)
            hash = hash_block (bytes);
        fresh = FALSE;
        if (find_block (large, hash, &old_at) && !try_block (large, at, old_at, &found, error))
            return FALSE;
        if (found) {
            at = large->done;
            fresh = TRUE;
            continue;
        }
        /* The window may have moved. */
        bytes = window_at (&large->new, at, MIN (BLOCK + 1, length - at), error);
        if (bytes == NULL)
            return FALSE;
        if (at + BLOCK < length)
            hash = (hash - bytes[0] * large->power) * MULTIPLIER + bytes[BLOCK];
        at++;
    }
    return add_gap (large, length, large->old.piece->length, error) && flush (large, error);
}

gboolean
diff_large (const DiffPiece *old, const DiffPiece *new, DiffFlush flush_parts, gpointer data,
            GError **error)
{
    g_autoptr (PatchParts) parts = patch_parts_new ();
    g_autofree guint8 *old_bytes = g_malloc (OLD_WINDOW);
    g_autofree guint8 *new_bytes = g_malloc (NEW_WINDOW);
    Large large = { .old = { .piece = old, .bytes = old_bytes, .size = OLD_WINDOW },
                    .new = { .piece = new, .bytes = new_bytes, .size = NEW_WINDOW },
                    .power = 1,
                    .parts = parts,
                    .flush = flush_parts,
                    .data = data };
    gboolean ok;

    for (guint i = 0; i < BLOCK - 1; i++)
        large.power *= MULTIPLIER;
    ok = index_old (&large, error) && walk (&large, error);
    g_free (large.table);
    g_free (large.hashes);
    return ok;
}
