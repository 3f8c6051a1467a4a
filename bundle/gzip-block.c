/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/gzip-block.h"

#include "bundle/gzip-huffman.h"

#include <string.h>

#define LITERALS 286 /* literals, end of block, lengths */
#define DISTANCES 30
#define END_OF_BLOCK 256
#define FIRST_LENGTH 257
#define FEWEST 3 /* bytes of a match */
#define LONGEST_CODE 15
#define LONGEST_METER_CODE 7

/* gzip's buffer holds one more but is never filled. */
#define MOST_SYMBOLS 32767
/* The early end is thought about whenever so many have come. */
#define EARLY_STEP 4096

/* The lengths of both codes are written in a code of their own (RFC 1951, 3.2.7). Here its symbols
 * are called meters. */
#define METERS 19
#define METER_REPEAT 16
#define METER_ZEROS 17
#define METER_MANY_ZEROS 18
#define FEWEST_METERS 4 /* whose lengths are written */

static const guint8 meter_order[METERS] = { 16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                            11, 4,  12, 3, 13, 2, 14, 1, 15 };

typedef enum { STORED, FIXED, DYNAMIC } Kind; /* as RFC 1951 numbers them */

typedef struct {
    guint16 distance; /* less one */
    guint8 value;     /* of a literal, or length of a match less FEWEST */
    guint8 match;
} Symbol;

typedef struct {
    guint8 lengths[HUFFMAN_SYMBOLS];
    guint16 codes[HUFFMAN_SYMBOLS];
    guint used; /* symbols up to the last that has a code */
} Code;

typedef struct {
    guint8 meter, extra;
} Meter;

typedef struct {
    Meter meters[LITERALS + DISTANCES];
    guint n;
    guint16 counts[METERS];
    Code code;
    guint written; /* lengths of this code that are written */
} Meters;

struct GzipBlock {
    GByteArray *out;
    guint64 bits; /* not yet in out, the first one lowest */
    guint n_bits;
    Symbol symbols[MOST_SYMBOLS];
    guint n_symbols, n_matches;
    guint16 literals[LITERALS], distances[DISTANCES]; /* how often each came */
    Code fixed_literals, fixed_distances;
};

/* Codes above the first few stand for ranges that double: how many bits say where in it. */
static guint
length_extra (guint code)
{
    return code < 8 || code == 28 ? 0 : code / 4 - 1;
}

static guint
length_code (guint value)
{
    guint extra = value < 8 ? 0 : g_bit_storage (value) - 3;

    /* The longest match has a code of its own. */
    return value == 255 ? 28 : 4 * extra + (value >> extra);
}

static guint
distance_extra (guint code)
{
    return code < 4 ? 0 : code / 2 - 1;
}

static guint
distance_code (guint distance)
{
    guint extra = distance < 4 ? 0 : g_bit_storage (distance) - 2;

    return 2 * extra + (distance >> extra);
}

static guint
meter_extra (guint meter)
{
    static const guint8 extra[] = { 2, 3, 7 };

    return meter < METER_REPEAT ? 0 : extra[meter - METER_REPEAT];
}

static void
begin (GzipBlock *block)
{
    block->n_symbols = block->n_matches = 0;
    memset (block->literals, 0, sizeof block->literals);
    memset (block->distances, 0, sizeof block->distances);
    block->literals[END_OF_BLOCK] = 1;
}

static void
make_fixed (GzipBlock *block)
{
    guint8 *lengths = block->fixed_literals.lengths;

    /* RFC 1951, 3.2.6: all 288 take part in numbering the codes. */
    memset (lengths, 8, 144);
    memset (lengths + 144, 9, 112);
    memset (lengths + 256, 7, 24);
    memset (lengths + 280, 8, 8);
    huffman_codes (lengths, HUFFMAN_SYMBOLS, block->fixed_literals.codes);
    memset (block->fixed_distances.lengths, 5, DISTANCES);
    huffman_codes (block->fixed_distances.lengths, DISTANCES, block->fixed_distances.codes);
}

GzipBlock *
gzip_block_new (GByteArray *out)
{
    GzipBlock *block = g_new0 (GzipBlock, 1);

    block->out = out;
    make_fixed (block);
    begin (block);
    return block;
}

void
gzip_block_free (GzipBlock *block)
{
    g_free (block);
}

/* Ends a block early where it goes well, so that the next one gets codes that fit it better: less
 * than half of it matches, and by a rough estimate, a byte a symbol and five bits a distance, half
 * the size. That is gzip's rule; libraries leave it out. */
static gboolean
goes_well (const GzipBlock *block, gsize covered)
{
    guint64 bits = (guint64)block->n_symbols * 8;

    for (guint i = 0; i < DISTANCES; i++)
        bits += (guint64)block->distances[i] * (5 + distance_extra (i));
    return block->n_matches < block->n_symbols / 2 && bits / 8 < covered / 2;
}

static gboolean
add (GzipBlock *block, Symbol symbol, gsize covered)
{
    g_assert (block->n_symbols < MOST_SYMBOLS);
    block->symbols[block->n_symbols++] = symbol;
    if (block->n_symbols % EARLY_STEP == 0 && goes_well (block, covered))
        return TRUE;
    return block->n_symbols == MOST_SYMBOLS;
}

gboolean
gzip_block_literal (GzipBlock *block, guint8 literal, gsize covered)
{
    block->literals[literal]++;
    return add (block, (Symbol){ .value = literal }, covered);
}

gboolean
gzip_block_match (GzipBlock *block, guint length, guint distance, gsize covered)
{
    Symbol symbol = { (guint16)(distance - 1), (guint8)(length - FEWEST), TRUE };

    block->n_matches++;
    block->literals[FIRST_LENGTH + length_code (symbol.value)]++;
    block->distances[distance_code (symbol.distance)]++;
    return add (block, symbol, covered);
}

/* At most 32 bits at a time. */
static void
put_bits (GzipBlock *block, guint value, guint n)
{
    block->bits |= (guint64)value << block->n_bits;
    block->n_bits += n;
    if (block->n_bits >= 32) {
        guint32 little = GUINT32_TO_LE ((guint32)block->bits);

        g_byte_array_append (block->out, (const guint8 *)&little, sizeof little);
        block->bits >>= 32;
        block->n_bits -= 32;
    }
}

static void
fill_byte (GzipBlock *block)
{
    for (block->n_bits = (block->n_bits + 7) / 8 * 8; block->n_bits > 0; block->n_bits -= 8) {
        guint8 byte = (guint8)block->bits;

        g_byte_array_append (block->out, &byte, 1);
        block->bits >>= 8;
    }
}

static void
put_code (GzipBlock *block, const Code *code, guint symbol)
{
    put_bits (block, code->codes[symbol], code->lengths[symbol]);
}

static void
make_code (Code *code, const guint16 *counts, guint n, guint longest)
{
    code->used = huffman_lengths (counts, n, longest, code->lengths);
    huffman_codes (code->lengths, n, code->codes);
}

/* Bits of all symbols under these codes. */
static guint64
symbols_bits (const GzipBlock *block, const Code *literals, const Code *distances)
{
    guint64 bits = 0;

    for (guint i = 0; i < LITERALS; i++) {
        guint extra = i < FIRST_LENGTH ? 0 : length_extra (i - FIRST_LENGTH);
        bits += (guint64)block->literals[i] * (literals->lengths[i] + extra);
    }
    for (guint i = 0; i < DISTANCES; i++)
        bits += (guint64)block->distances[i] * (distances->lengths[i] + distance_extra (i));
    return bits;
}

static void
add_meter (Meters *meters, guint meter, guint extra)
{
    meters->meters[meters->n++] = (Meter){ (guint8)meter, (guint8)extra };
    meters->counts[meter]++;
}

/* The lengths of one code, runs folded. gzip lets no run go on from the literals to the distances,
 * though the format would. */
static void
fold_lengths (Meters *meters, const Code *code)
{
    for (guint at = 0, run; at < code->used; at += run) {
        guint length = code->lengths[at], rest;
        gboolean goes_on = length > 0 && at > 0 && code->lengths[at - 1] == length;
        guint most = length == 0 ? 138 : goes_on ? 6 : 7;

        for (run = 1; run < most && at + run < code->used; run++)
            if (code->lengths[at + run] != length)
                break;
        rest = run;
        if (length > 0 && !goes_on) {
            add_meter (meters, length, 0);
            rest--;
        }
        if (rest < 3) {
            for (; rest > 0; rest--)
                add_meter (meters, length, 0);
        } else if (length > 0)
            add_meter (meters, METER_REPEAT, rest - 3);
        else if (rest <= 10)
            add_meter (meters, METER_ZEROS, rest - 3);
        else
            add_meter (meters, METER_MANY_ZEROS, rest - 11);
    }
}

static void
make_meters (Meters *meters, const Code *literals, const Code *distances)
{
    memset (meters, 0, sizeof *meters);
    fold_lengths (meters, literals);
    fold_lengths (meters, distances);
    make_code (&meters->code, meters->counts, METERS, LONGEST_METER_CODE);
    meters->written = METERS;
    while (meters->written > FEWEST_METERS &&
           meters->code.lengths[meter_order[meters->written - 1]] == 0)
        meters->written--;
}

/* Bits of a dynamic block's beginning. */
static guint64
meters_bits (const Meters *meters)
{
    guint64 bits = 5 + 5 + 4 + 3 * meters->written;

    for (guint i = 0; i < METERS; i++)
        bits += (guint64)meters->counts[i] * (meters->code.lengths[i] + meter_extra (i));
    return bits;
}

static void
put_meters (GzipBlock *block, const Meters *meters, const Code *literals, const Code *distances)
{
    put_bits (block, literals->used - 257, 5);
    put_bits (block, distances->used - 1, 5);
    put_bits (block, meters->written - FEWEST_METERS, 4);
    for (guint i = 0; i < meters->written; i++)
        put_bits (block, meters->code.lengths[meter_order[i]], 3);
    for (guint i = 0; i < meters->n; i++) {
        const Meter *meter = &meters->meters[i];

        put_code (block, &meters->code, meter->meter);
        put_bits (block, meter->extra, meter_extra (meter->meter));
    }
}

static void
put_symbols (GzipBlock *block, const Code *literals, const Code *distances)
{
    for (guint i = 0; i < block->n_symbols; i++) {
        const Symbol *symbol = &block->symbols[i];
        guint code, extra;

        if (!symbol->match) {
            put_code (block, literals, symbol->value);
            continue;
        }
        code = length_code (symbol->value);
        extra = length_extra (code);
        put_code (block, literals, FIRST_LENGTH + code);
        put_bits (block, symbol->value & ((1u << extra) - 1), extra);
        code = distance_code (symbol->distance);
        extra = distance_extra (code);
        put_code (block, distances, code);
        put_bits (block, symbol->distance & ((1u << extra) - 1), extra);
    }
    put_code (block, literals, END_OF_BLOCK);
}

static void
put_stored (GzipBlock *block, const guint8 *bytes, gsize length)
{
    g_assert (length <= G_MAXUINT16);
    fill_byte (block);
    put_bits (block, (guint)length, 16);
    put_bits (block, (guint)length ^ 0xffff, 16);
    fill_byte (block);
    g_byte_array_append (block->out, bytes, (guint)length);
}

static void
put_kind (GzipBlock *block, Kind kind, gboolean last)
{
    put_bits (block, last ? 1 : 0, 1);
    put_bits (block, kind, 2);
}

/* Whole bytes of a block with its three bits in front: gzip compares no finer. */
static guint64
block_bytes (guint64 bits)
{
    return (bits + 3 + 7) / 8;
}

void
gzip_block_end (GzipBlock *block, const guint8 *bytes, gsize length, gboolean last)
{
    Code literals, distances;
    Meters meters;
    guint64 fixed, dynamic;

    make_code (&literals, block->literals, LITERALS, LONGEST_CODE);
    make_code (&distances, block->distances, DISTANCES, LONGEST_CODE);
    make_meters (&meters, &literals, &distances);
    fixed = block_bytes (symbols_bits (block, &block->fixed_literals, &block->fixed_distances));
    dynamic = block_bytes (symbols_bits (block, &literals, &distances) + meters_bits (&meters));
    /* Of equal sizes the simpler kind is taken; stored counts its two lengths and no bits. */
    if (bytes != NULL && length + 4 <= MIN (fixed, dynamic)) {
        put_kind (block, STORED, last);
        put_stored (block, bytes, length);
    } else if (fixed <= dynamic) {
        put_kind (block, FIXED, last);
        put_symbols (block, &block->fixed_literals, &block->fixed_distances);
    } else {
        put_kind (block, DYNAMIC, last);
        put_meters (block, &meters, &literals, &distances);
        put_symbols (block, &literals, &distances);
    }
    if (last)
        fill_byte (block);
    begin (block);
}
