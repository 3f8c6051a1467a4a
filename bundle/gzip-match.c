/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/gzip-match.h"

#include <string.h>

/* gzip reads its file into a buffer of two windows. When less than LOOKAHEAD bytes lie ahead it
 * moves the upper half down, if the lower one is behind, and reads into the room. Here all content
 * is in memory; base is the position in it where gzip's buffer would begin, and places are counted
 * from there. The buffer shows in the result: place 0 means "none", so the string that lies there
 * is never found, and strings before it are forgotten even where a distance could reach them. */
#define WINDOW 32768
#define BUFFER (2 * WINDOW)

#define SHORTEST 3
#define LONGEST 258
#define LOOKAHEAD (LONGEST + SHORTEST + 1)
#define FARTHEST (WINDOW - LOOKAHEAD)
/* A match of three bytes from farther away costs more than three literals. */
#define FARTHEST_OF_SHORTEST 4096

/* What level 9 stands for. A match of LONGEST ends the search and is never put off: both limits
 * are beyond reach. */
#define MOST_TRIES 4096
#define GOOD 32 /* with a match as long as this in hand only a quarter of the tries is made */

#define HASHES 32768

typedef struct {
    GzipBlock *block;
    guint8 *bytes; /* content, and what gzip sees behind it */
    gsize length;
    gsize base;     /* of the buffer */
    gsize filled;   /* gzip has read up to here */
    gboolean ended; /* and knows that nothing follows */
    gsize at;
    gsize block_start;
    /* Places in the buffer, 0 for none: of the last string with this hash, and of the one before it
     * with the same hash, by place modulo WINDOW. */
    guint16 newest[HASHES], before[WINDOW];
} Match;

/* gzip compares up to LONGEST bytes ahead also where the content ends sooner, and though it cuts
 * what it finds, a farther string that goes on equal wins over a nearer one. So what lies behind
 * the end matters: two zeros, which gzip puts there, and then what its buffer held a window
 * earlier; zeros where it was never filled. (In a run over many files the file before is still
 * there. Only content with two zeros in a row can tell: text can not.) */
static void
fill_behind (Match *match)
{
    guint8 *end = match->bytes + match->length;

    memset (end, 0, LONGEST);
    if (match->base == 0)
        return;
    for (gsize i = SHORTEST - 1; i < LONGEST; i++) {
        gsize at = match->length + i;

        /* Below the second window of its first move the buffer had not been filled. */
        if (at - match->base >= WINDOW || match->base > WINDOW)
            end[i] = match->bytes[at - WINDOW];
    }
}

static void
move_buffer (Match *match)
{
    match->base += WINDOW;
    for (gsize i = 0; i < HASHES; i++)
        match->newest[i] = (guint16)(MAX (match->newest[i], WINDOW) - WINDOW);
    for (gsize i = 0; i < WINDOW; i++)
        match->before[i] = (guint16)(MAX (match->before[i], WINDOW) - WINDOW);
}

static void
read_ahead (Match *match)
{
    while (match->filled - match->at < LOOKAHEAD && !match->ended) {
        gsize n;

        if (match->at - match->base >= WINDOW + FARTHEST)
            move_buffer (match);
        n = MIN (match->base + BUFFER, match->length) - match->filled;
        match->filled += n;
        if (n > 0)
            continue;
        match->ended = TRUE;
        fill_behind (match);
    }
}

/* Notes the string at this position; returns the place of the one before it with the same hash. */
static guint
note (Match *match, gsize at)
{
    const guint8 *b = match->bytes + at;
    guint hash = ((guint)b[0] << 10 ^ (guint)b[1] << 5 ^ b[2]) % HASHES;
    guint found = match->newest[hash];

    match->before[at % WINDOW] = (guint16)found;
    match->newest[hash] = (guint16)(at - match->base);
    return found;
}

/* How many bytes are equal, at most LONGEST. */
static guint
count_equal (const guint8 *a, const guint8 *b)
{
    guint n = 0;

    while (n + 8 <= LONGEST) {
        guint64 x, y;

        memcpy (&x, a + n, 8);
        memcpy (&y, b + n, 8);
        if (x != y)
            return n + (guint)__builtin_ctzll (GUINT64_TO_LE (x ^ y)) / 8;
        n += 8;
    }
    while (n < LONGEST && a[n] == b[n])
        n++;
    return n;
}

static guint16
pair (const guint8 *at)
{
    guint16 two;

    memcpy (&two, at, sizeof two);
    return two;
}

/* The longest string equal to the one ahead that is longer than length, the nearest of equally long
 * ones; from is the first place to look at. Returns length if there is none. */
static guint
search (const Match *match, guint from, guint length, gsize *found)
{
    const guint8 *buffer = match->bytes + match->base, *ahead = match->bytes + match->at;
    const guint place = (guint)(match->at - match->base);
    const guint limit = MAX (place, FARTHEST) - FARTHEST;
    const guint16 start = pair (ahead);
    guint16 end = pair (ahead + length - 1);
    guint tries = length >= GOOD ? MOST_TRIES / 4 : MOST_TRIES;

    do {
        /* The end first: it is what a longer match must have and most do not. */
        if (pair (buffer + from + length - 1) == end && pair (buffer + from) == start) {
            guint equal = count_equal (buffer + from, ahead);

            if (equal > length) {
                length = equal;
                *found = match->base + from;
                if (length == LONGEST)
                    break;
                end = pair (ahead + length - 1);
            }
        }
        from = match->before[from % WINDOW];
    } while (from > limit && --tries > 0);
    return length;
}

/* The match at the present position that is better than one of length in hand; its length, or
 * SHORTEST - 1. */
static guint
find (Match *match, guint from, guint length, gsize *found)
{
    gsize place = match->at - match->base;
    guint best;

    if (from == 0 || length >= LONGEST || place - from > FARTHEST || place > BUFFER - LOOKAHEAD)
        return SHORTEST - 1;
    best = search (match, from, length, found);
    best = (guint)MIN (best, match->filled - match->at);
    if (best == SHORTEST && match->at - *found > FARTHEST_OF_SHORTEST)
        best--;
    return best;
}

static void
end_block (Match *match, gboolean last)
{
    gsize start = match->block_start;

    /* Of a block that began before the buffer gzip can not store the bytes. */
    gzip_block_end (match->block, start >= match->base ? match->bytes + start : NULL,
                    match->at - start, last);
    match->block_start = match->at;
}

/* The literal before the present position is settled: nothing begins there. */
static void
give_literal (Match *match)
{
    if (gzip_block_literal (match->block, match->bytes[match->at - 1],
                            match->at - match->block_start))
        end_block (match, FALSE);
}

/* The match that begins one byte before the present position is settled. */
static void
give_match (Match *match, guint length, gsize from)
{
    gboolean full = gzip_block_match (match->block, length, (guint)(match->at - 1 - from),
                                      match->at - match->block_start);
    gsize end = match->at - 1 + length;

    while (++match->at < end)
        (void)note (match, match->at);
    if (full)
        end_block (match, FALSE);
}

/* A match is taken only when the next position has no longer one: until then its first byte
 * pends. */
static void
run (Match *match)
{
    gboolean pending = FALSE;
    guint length = SHORTEST - 1;
    gsize found = 0;

    while (match->filled > match->at) {
        guint previous = length;
        gsize previous_found = found;

        length = find (match, note (match, match->at), previous, &found);
        if (previous >= SHORTEST && length <= previous) {
            give_match (match, previous, previous_found);
            pending = FALSE;
            length = SHORTEST - 1;
        } else {
            if (pending)
                give_literal (match);
            pending = TRUE;
            match->at++;
        }
        read_ahead (match);
    }
    if (pending)
        (void)!gzip_block_literal (match->block, match->bytes[match->at - 1],
                                   match->at - match->block_start);
    end_block (match, TRUE);
}

void
gzip_match (const guint8 *bytes, gsize length, GzipBlock *block)
{
    g_autofree guint8 *copy = g_malloc (length + LOOKAHEAD);
    g_autofree Match *match = g_new0 (Match, 1);

    if (length > 0)
        memcpy (copy, bytes, length);
    match->block = block;
    match->bytes = copy;
    match->length = length;
    match->filled = MIN (BUFFER, length);
    read_ahead (match);
    run (match);
}
