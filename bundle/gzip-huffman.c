/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/gzip-huffman.h"

#include <string.h>

#define NODES (2 * HUFFMAN_SYMBOLS)
#define MOST_BITS 15

/* Nodes are numbered: the symbols first, then the inner ones as they are made. */
typedef struct {
    guint32 weight[NODES];
    guint8 depth[NODES]; /* of the subtree below */
    guint16 parent[NODES];
    guint16 heap[NODES]; /* from 1: the children of i are 2i and 2i+1 */
    guint in_heap;
    guint16 taken[NODES]; /* in the order in which they left the heap, so the root is last */
    guint n_taken;
} Tree;

/* Of two equally heavy nodes the flatter goes first, and of two alike the one that is asked about:
 * with the heap's own moves this fixes which of the shortest codes comes out. */
static gboolean
goes_first (const Tree *tree, guint a, guint b)
{
    if (tree->weight[a] != tree->weight[b])
        return tree->weight[a] < tree->weight[b];
    return tree->depth[a] <= tree->depth[b];
}

static void
sift_down (Tree *tree, guint place)
{
    guint16 node = tree->heap[place];

    for (guint child; (child = 2 * place) <= tree->in_heap; place = child) {
        if (child < tree->in_heap && goes_first (tree, tree->heap[child + 1], tree->heap[child]))
            child++;
        if (goes_first (tree, node, tree->heap[child]))
            break;
        tree->heap[place] = tree->heap[child];
    }
    tree->heap[place] = node;
}

static void
add_leaf (Tree *tree, guint symbol, guint weight)
{
    tree->weight[symbol] = weight;
    tree->heap[++tree->in_heap] = (guint16)symbol;
}

/* Fills the heap; returns the number of symbols up to the last one in it. */
static guint
add_leaves (Tree *tree, const guint16 *counts, guint n)
{
    guint used = 0;

    for (guint i = 0; i < n; i++) {
        if (counts[i] == 0)
            continue;
        add_leaf (tree, i, counts[i]);
        used = i + 1;
    }
    /* Old readers want two codes. Symbols from below are added, behind the one there is while that
     * is among the first two, else symbol 0. */
    while (tree->in_heap < 2)
        add_leaf (tree, used < 3 ? used++ : 0, 1);
    return used;
}

static guint16
take_first (Tree *tree)
{
    guint16 first = tree->heap[1];

    tree->heap[1] = tree->heap[tree->in_heap--];
    sift_down (tree, 1);
    return first;
}

static void
join (Tree *tree, guint first_inner)
{
    guint16 node = (guint16)first_inner;

    for (guint place = tree->in_heap / 2; place >= 1; place--)
        sift_down (tree, place);
    for (; tree->in_heap >= 2; node++) {
        guint16 a = take_first (tree), b = tree->heap[1];

        tree->taken[tree->n_taken++] = a;
        tree->taken[tree->n_taken++] = b;
        tree->parent[a] = tree->parent[b] = node;
        tree->weight[node] = tree->weight[a] + tree->weight[b];
        tree->depth[node] = (guint8)(MAX (tree->depth[a], tree->depth[b]) + 1);
        /* It takes the place of b at the top: taking b out and adding the new one at the end would
         * leave another order among equals. */
        tree->heap[1] = node;
        sift_down (tree, 1);
    }
    tree->taken[tree->n_taken++] = tree->heap[1];
}

/* Walks from the root down. Counts the symbols of each length; returns how many nodes, inner ones
 * too, were cut to the longest. */
static guint
measure (const Tree *tree, guint n, guint longest, guint8 *lengths, guint *of_length)
{
    guint8 level[NODES] = { 0 };
    guint cut = 0;

    for (guint i = tree->n_taken - 1; i-- > 0;) {
        guint node = tree->taken[i], bits = level[tree->parent[node]] + 1u;

        if (bits > longest) {
            bits = longest;
            cut++;
        }
        level[node] = (guint8)bits;
        if (node >= n)
            continue;
        lengths[node] = (guint8)bits;
        of_length[bits]++;
    }
    return cut;
}

/* Makes room for what was cut: over and over the deepest leaf above the longest level moves one
 * level down and takes one of the cut ones beside it. Then the lengths are dealt out again, the
 * longest to those that left the heap first, which are the lightest. */
static void
make_room (const Tree *tree, guint n, guint longest, guint cut, guint8 *lengths, guint *of_length)
{
    guint next = 0;

    for (gint left = (gint)cut; left > 0; left -= 2) {
        guint bits = longest - 1;

        while (of_length[bits] == 0)
            bits--;
        of_length[bits]--;
        of_length[bits + 1] += 2;
        of_length[longest]--;
    }
    for (guint bits = longest; bits > 0; bits--)
        for (guint i = of_length[bits]; i > 0; next++) {
            if (tree->taken[next] >= n)
                continue;
            lengths[tree->taken[next]] = (guint8)bits;
            i--;
        }
}

guint
huffman_lengths (const guint16 *counts, guint n, guint longest, guint8 *lengths)
{
    guint of_length[MOST_BITS + 1] = { 0 };
    guint used, cut;
    Tree tree;

    tree.in_heap = tree.n_taken = 0;
    memset (tree.depth, 0, sizeof tree.depth);
    memset (lengths, 0, n);
    used = add_leaves (&tree, counts, n);
    join (&tree, n);
    cut = measure (&tree, n, longest, lengths, of_length);
    if (cut > 0)
        make_room (&tree, n, longest, cut, lengths, of_length);
    return used;
}

static guint16
reverse (guint code, guint bits)
{
    guint reversed = 0;

    for (; bits > 0; bits--, code >>= 1)
        reversed = reversed << 1 | (code & 1);
    return (guint16)reversed;
}

void
huffman_codes (const guint8 *lengths, guint n, guint16 *codes)
{
    guint of_length[MOST_BITS + 1] = { 0 }, next[MOST_BITS + 1] = { 0 };

    for (guint i = 0; i < n; i++)
        of_length[lengths[i]]++;
    of_length[0] = 0;
    for (guint bits = 1; bits <= MOST_BITS; bits++)
        next[bits] = (next[bits - 1] + of_length[bits - 1]) << 1;
    for (guint i = 0; i < n; i++)
        codes[i] = lengths[i] > 0 ? reverse (next[lengths[i]]++, lengths[i]) : 0;
}
