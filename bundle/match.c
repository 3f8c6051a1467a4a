/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/contents.h"

/* A source of this bundle waits in the spool; a longer one would push out everything else. */
#define MATCH_MAX_BYTES (64u * 1024 * 1024)
/* Features that must be shared, of eight: with fewer a patch rarely saves anything. */
#define MATCH_MIN_SHARED 4

/* Of the earlier contents that share a feature, the one that shares most; the first of equals. */
static guint32
best_source (const Contents *contents, GHashTable *by_feature, const Content *content,
             guint *shared_features)
{
    guint32 best = NO_CONTENT;
    guint best_shared = MATCH_MIN_SHARED - 1;

    for (guint i = 0; i < SKETCH_FEATURES; i++) {
        gpointer found;
        const Content *other;
        guint shared;

        if (!g_hash_table_lookup_extended (by_feature, GUINT_TO_POINTER (content->sketch[i]), NULL,
                                           &found))
            continue;
        other = &g_array_index (contents->contents, Content, GPOINTER_TO_UINT (found));
        shared = sketch_shared (content->sketch, other->sketch);
        if (shared > best_shared) {
            best = GPOINTER_TO_UINT (found);
            best_shared = shared;
        }
    }
    *shared_features = best_shared;
    return best;
}

static gboolean
is_comparable (const Content *content)
{
    return content->sketch[0] != 0 && content->length <= MATCH_MAX_BYTES;
}

/* A base file is there for nothing; an earlier content only where it has more in common. */
static void
match (const Contents *contents, GHashTable *by_feature, Content *content)
{
    guint base_shared = 0, shared = 0;

    if (contents->bases != NULL)
        content->base_source = base_files_like (contents->bases, content->path, content->length,
                                                content->sketch, &base_shared);
    if (!is_comparable (content))
        return;
    content->source = best_source (contents, by_feature, content, &shared);
    if (content->source == NO_CONTENT)
        return;
    if (content->base_source != NO_BASE_FILE && base_shared >= shared)
        content->source = NO_CONTENT;
    else
        content->base_source = NO_BASE_FILE;
}

/* A content that is a patch itself is no source: patches are one deep. So only contents without a
 * source are entered, and the first with a feature stays. */
void
contents_match (Contents *contents)
{
    g_autoptr (GHashTable) by_feature = g_hash_table_new (NULL, NULL);

    for (guint32 n = 0; n < contents->contents->len; n++) {
        Content *content = &g_array_index (contents->contents, Content, n);

        if (content->base != NO_BASE_FILE)
            continue;
        match (contents, by_feature, content);
        if (content->source != NO_CONTENT || content->base_source != NO_BASE_FILE ||
            !is_comparable (content))
            continue;
        for (guint i = 0; i < SKETCH_FEATURES; i++)
            if (!g_hash_table_contains (by_feature, GUINT_TO_POINTER (content->sketch[i])))
                g_hash_table_insert (by_feature, GUINT_TO_POINTER (content->sketch[i]),
                                     GUINT_TO_POINTER (n));
    }
}
