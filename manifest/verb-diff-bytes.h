/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/cmp.h"
#include "manifest/verb.h"

/* diff --bytes: are two bundles the same file, and if not, where and why not. */

/* A key of the packing list or of the provenance that is not the same on both sides. */
typedef struct {
    const char *key;
    char *value[2];
} BytesKey;

typedef struct {
    const char *path[2];
    Bundle *bundle[2];
    Cmp found;
    gboolean same_statement;
    char *statement;       /* how it differs, as diff -u says it; NULL where it does not, */
    const char *why;       /* or this: why it is not said */
    GPtrArray *packing;    /* BytesKey */
    GPtrArray *provenance; /* the same of provenance.json */
    gboolean same_frames;  /* every frame is there on both sides */
    char *verdict;
} BytesDiff;

/* Compares and prints; *same is the answer. */
gboolean diff_bytes (char **paths, const VerbOutput *output, gboolean *same,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Takes both texts, and keeps them where they are not the same. */
void bytes_add_key (GPtrArray *keys, const char *key, char *a, char *b);
char *bytes_describe_number (guint64 number);
/* What differs in the provenance of both. */
gboolean bytes_compare_provenance (BytesDiff *diff, GError **error) G_GNUC_WARN_UNUSED_RESULT;

void bytes_print_text (const BytesDiff *diff);
void bytes_print_json (const BytesDiff *diff);

/* "layer 2 of image 'x'", "the config of image 'x'", or the member's name. Caller frees. */
char *bytes_describe_member (const Bundle *bundle, Region region, const char *member);
