/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/diff.h"

#include "bundle/recipe.h"

#include <divsufsort.h>
#include <string.h>

/* Longer matches are found in pieces: comparing whole ones at every step of a search would take
 * for ever on files of equal bytes. */
#define MATCH_CAP 65536
/* A new match must be this much better than going on as before. */
#define MATCH_GAIN 8
/* As long as this, a match that is not better than going on ends the search at once: trying every
 * byte of a long run of zeros took minutes for a file of 20 MB. */
#define MATCH_SETTLED 1024

/* A region of the new file that continues where the old one does, found by extending matches in
 * both directions as long as more than half of the bytes agree (the method of bsdiff: see patch.h).
 */
typedef struct {
    const guint8 *old, *new;
    gint64 old_length, new_length;
    saidx_t *suffixes;
    guint64 old_base; /* where old lies in the whole old file */
    PatchParts *parts;
    /* The last accepted match: new position and the old position that goes with it. */
    gint64 last_new, last_old;
} Diff;

static gint64
common_prefix (const guint8 *a, gint64 a_length, const guint8 *b, gint64 b_length)
{
    gint64 n = MIN (MIN (a_length, b_length), MATCH_CAP), i = 0;

    while (i + 8 <= n && memcmp (a + i, b + i, 8) == 0)
        i += 8;
    while (i < n && a[i] == b[i])
        i++;
    return i;
}

/* The longest match of new at `at` in old: binary search in the suffix array. */
static gint64
longest_match (const Diff *diff, gint64 at, gint64 *found)
{
    const guint8 *key = diff->new + at;
    gint64 key_length = diff->new_length - at, low = 0, high = diff->old_length, best = 0;

    while (low < high) {
        gint64 middle = low + (high - low) / 2, suffix = diff->suffixes[middle];
        gint64 n = common_prefix (diff->old + suffix, diff->old_length - suffix, key, key_length);

        if (n > best) {
            best = n;
            *found = suffix;
        }
        if (n == key_length || n == MATCH_CAP)
            break;
        if (suffix + n == diff->old_length || diff->old[suffix + n] < key[n])
            low = middle + 1;
        else
            high = middle;
    }
    return best;
}

static gboolean
agrees (const Diff *diff, gint64 at, gint64 offset)
{
    gint64 old = at + offset;

    return old >= 0 && old < diff->old_length && diff->old[old] == diff->new[at];
}

/* Goes on from *at to the next place where a match is clearly better than continuing with the last
 * one, or to the end: then TRUE, and the match in *length and *old_at. FALSE where the bytes that
 * match are those of the last match anyway. */
static gboolean
next_match (const Diff *diff, gint64 *at, gint64 *length, gint64 *old_at)
{
    gint64 offset = diff->last_old - diff->last_new, scored = *at, score = 0;

    for (; *at < diff->new_length; (*at)++) {
        *length = longest_match (diff, *at, old_at);
        for (; scored < *at + *length; scored++)
            score += agrees (diff, scored, offset);
        if (*length > score + MATCH_GAIN)
            return TRUE;
        if (*length >= MATCH_SETTLED || (*length == score && *length != 0))
            return FALSE;
        score -= agrees (diff, *at, offset);
    }
    *length = 0;
    return TRUE;
}

/* How far the last match reaches forward, at most to `to`. */
static gint64
extend_forward (const Diff *diff, gint64 to)
{
    gint64 score = 0, best = 0, reach = 0;

    for (gint64 i = 0; diff->last_new + i < to && diff->last_old + i < diff->old_length;) {
        score += diff->old[diff->last_old + i] == diff->new[diff->last_new + i];
        i++;
        if (score * 2 - i > best * 2 - reach) {
            best = score;
            reach = i;
        }
    }
    return reach;
}

/* How far the match at (at, old_at) reaches back, at most to the last match. */
static gint64
extend_backward (const Diff *diff, gint64 at, gint64 old_at)
{
    gint64 score = 0, best = 0, reach = 0;

    for (gint64 i = 1; at - i >= diff->last_new && old_at >= i; i++) {
        score += diff->old[old_at - i] == diff->new[at - i];
        if (score * 2 - i > best * 2 - reach) {
            best = score;
            reach = i;
        }
    }
    return reach;
}

/* Forward and backward reach may overlap: the border goes where most bytes agree. */
static gint64
split_overlap (const Diff *diff, gint64 forward, gint64 at, gint64 old_at, gint64 backward)
{
    gint64 overlap = diff->last_new + forward - (at - backward), score = 0, best = 0, border = 0;

    for (gint64 i = 0; i < overlap; i++) {
        gint64 last = forward - overlap + i, next = i - backward;

        score += diff->new[diff->last_new + last] == diff->old[diff->last_old + last];
        score -= diff->new[at + next] == diff->old[old_at + next];
        if (score > best) {
            best = score;
            border = i + 1;
        }
    }
    return border;
}

static void
put_control (PatchParts *parts, guint64 take, guint64 insert, guint64 to)
{
    recipe_put_number (parts->control, take);
    recipe_put_number (parts->control, insert);
    recipe_put_number (parts->control, recipe_zigzag ((gint64)(to - (parts->position + take))));
    parts->position = to;
}

/* What comes next may not begin where the last piece ended. */
static void
move_to (PatchParts *parts, guint64 old_at)
{
    if (parts->position != old_at)
        put_control (parts, 0, 0, old_at);
}

static void
put_triple (Diff *diff, gint64 forward, gint64 extra, gint64 next_old)
{
    GByteArray *difference = diff->parts->difference;
    guint before = difference->len;

    move_to (diff->parts, diff->old_base + (guint64)diff->last_old);
    g_byte_array_set_size (difference, before + (guint)forward);
    for (gint64 i = 0; i < forward; i++)
        difference->data[before + i] =
            (guint8)(diff->new[diff->last_new + i] - diff->old[diff->last_old + i]);
    g_byte_array_append (diff->parts->extra, diff->new + diff->last_new + forward, (guint)extra);
    put_control (diff->parts, (guint64)forward, (guint64)extra, diff->old_base + (guint64)next_old);
}

static void
diff_slice (Diff *diff)
{
    gint64 at = 0, length = 0, old_at = 0;

    while (at < diff->new_length) {
        gint64 forward, backward = 0;

        at += length;
        if (!next_match (diff, &at, &length, &old_at))
            continue;
        forward = extend_forward (diff, at);
        if (at < diff->new_length) {
            backward = extend_backward (diff, at, old_at);
            if (diff->last_new + forward > at - backward) {
                gint64 border = split_overlap (diff, forward, at, old_at, backward);
                gint64 overlap = diff->last_new + forward - (at - backward);

                forward += border - overlap;
                backward -= border;
            }
        }
        put_triple (diff, forward, at - backward - (diff->last_new + forward),
                    at < diff->new_length ? old_at - backward : diff->last_old + forward);
        diff->last_new = at - backward;
        diff->last_old = old_at - backward;
    }
}

PatchParts *
patch_parts_new (void)
{
    PatchParts *parts = g_new0 (PatchParts, 1);

    parts->control = g_byte_array_new ();
    parts->difference = g_byte_array_new ();
    parts->extra = g_byte_array_new ();
    return parts;
}

void
patch_parts_free (PatchParts *parts)
{
    if (parts == NULL)
        return;
    g_byte_array_unref (parts->control);
    g_byte_array_unref (parts->difference);
    g_byte_array_unref (parts->extra);
    g_free (parts);
}

void
diff_add (PatchParts *parts, const guint8 *old, gsize old_length, guint64 old_at, const guint8 *new,
          gsize new_length)
{
    g_autofree saidx_t *suffixes = g_new (saidx_t, old_length + 1);
    Diff diff = { .old = old,
                  .new = new,
                  .old_length = (gint64)old_length,
                  .new_length = (gint64)new_length,
                  .suffixes = suffixes,
                  .old_base = old_at,
                  .parts = parts };

    divsufsort (old, suffixes, (saidx_t)old_length);
    diff_slice (&diff);
}

void
diff_add_same (PatchParts *parts, guint64 old_at, gsize length)
{
    guint before = parts->difference->len;

    move_to (parts, old_at);
    g_byte_array_set_size (parts->difference, before + (guint)length);
    memset (parts->difference->data + before, 0, length);
    put_control (parts, length, 0, old_at + length);
}

void
diff_add_extra (PatchParts *parts, const guint8 *new, gsize length)
{
    g_byte_array_append (parts->extra, new, (guint)length);
    put_control (parts, 0, length, parts->position);
}

PatchParts *
diff_make (const guint8 *old, gsize old_length, const guint8 *new, gsize new_length)
{
    PatchParts *parts = patch_parts_new ();

    diff_add (parts, old, old_length, 0, new, new_length);
    return parts;
}
