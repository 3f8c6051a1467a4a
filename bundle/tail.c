/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/tail.h"

#include "bundle/format.h"
#include "bundle/frame.h"
#include "bundle/member.h"
#include "keys/trust.h"
#include "manifest/error.h"

#include <stdio.h>
#include <string.h>

#define SECTION_LINE_MAX 80

/* One kind of section: its name in the directory, its limit, how many there may be. They come in
 * this order; "root" and "vote-root" alternate as the chain needs. */
typedef enum {
    S_STATEMENT,
    S_PACKING,
    S_INDEX,
    S_VOTE_STATEMENT,
    S_VOTE_PACKING,
    S_ROOT,
    S_VOTE_ROOT
} Section;

static const struct {
    const char *name;
    gsize limit;
    guint most;
} sections[] = {
    [S_STATEMENT] = { "statement", LIMIT_YAML_BYTES, 1 },
    [S_PACKING] = { "packing", LIMIT_YAML_BYTES, 1 },
    [S_INDEX] = { "index", (gsize)LIMIT_FRAMES *INDEX_ENTRY_BYTES, 1 },
    [S_VOTE_STATEMENT] = { "vote-statement", LIMIT_SIGNATURE_BYTES, LIMIT_VOTES },
    [S_VOTE_PACKING] = { "vote-packing", LIMIT_SIGNATURE_BYTES, LIMIT_VOTES },
    [S_ROOT] = { "root", LIMIT_ROOT_BYTES, LIMIT_ROOT_CHAIN },
    [S_VOTE_ROOT] = { "vote-root", LIMIT_SIGNATURE_BYTES, LIMIT_ROOT_CHAIN *LIMIT_VOTES },
};

static void
bytes_free (gpointer bytes)
{
    g_bytes_unref (bytes);
}

static void
root_free (gpointer root)
{
    signed_root_free (root);
}

Tail *
tail_new (void)
{
    Tail *tail = g_new0 (Tail, 1);

    tail->statement_votes = g_ptr_array_new_with_free_func (bytes_free);
    tail->packing_votes = g_ptr_array_new_with_free_func (bytes_free);
    tail->chain = g_ptr_array_new_with_free_func (root_free);
    return tail;
}

void
tail_free (Tail *tail)
{
    if (tail == NULL)
        return;
    g_clear_pointer (&tail->statement, g_bytes_unref);
    g_clear_pointer (&tail->packing, g_bytes_unref);
    g_clear_pointer (&tail->index, g_bytes_unref);
    g_ptr_array_unref (tail->statement_votes);
    g_ptr_array_unref (tail->packing_votes);
    g_ptr_array_unref (tail->chain);
    g_free (tail);
}

typedef struct {
    Section section;
    guint64 offset, length;
} Entry;

/* "NAME OFFSET LENGTH", numbers of 20 digits. */
static gboolean
parse_entry (const char *line, Entry *entry, GError **error)
{
    for (guint s = 0; s < G_N_ELEMENTS (sections); s++) {
        gsize n = strlen (sections[s].name);
        const char *numbers = line + n + 1;

        if (strncmp (line, sections[s].name, n) != 0 || line[n] != ' ')
            continue;
        if (strlen (numbers) != 41 || strspn (numbers, "0123456789") != 20 || numbers[20] != ' ' ||
            strspn (numbers + 21, "0123456789") != 20)
            break;
        entry->section = s;
        entry->offset = g_ascii_strtoull (numbers, NULL, 10);
        entry->length = g_ascii_strtoull (numbers + 21, NULL, 10);
        if (entry->length > sections[s].limit)
            return fail (error, ERR_FORMAT,
                         "section '%s' of the tail has %" G_GUINT64_FORMAT
                         " bytes, at most %" G_GSIZE_FORMAT " are allowed",
                         sections[s].name, entry->length, sections[s].limit);
        return TRUE;
    }
    g_autofree char *shown = error_quote (line);
    return fail (error, ERR_FORMAT,
                 "tail has a directory line '%s' that this version does not know", shown);
}

/* Directory lines up to the empty line. *at is moved behind it. */
static GArray *
parse_directory (const guint8 *payload, gsize length, gsize *at, GError **error)
{
    g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (Entry));
    guint count[G_N_ELEMENTS (sections)] = { 0 };

    for (gboolean first = TRUE;; first = FALSE) {
        /* An empty payload may be NULL, which memchr must not get. */
        const guint8 *end =
            *at == length ? NULL
                          : memchr (payload + *at, '\n', MIN (length - *at, SECTION_LINE_MAX));
        g_autofree char *line = NULL;
        Entry entry;

        if (end == NULL)
            return fail_null (error, ERR_FORMAT, "tail has a directory line without an end");
        line = g_strndup ((const char *)payload + *at, (gsize)(end - payload) - *at);
        /* What lies behind a NUL would belong to no section, and no signature covers it. */
        if (strlen (line) != (gsize)(end - payload) - *at)
            return fail_null (error, ERR_FORMAT, "tail has a directory line with a NUL byte");
        *at = (gsize)(end - payload) + 1;
        if (first && strcmp (line, TAIL_TYPE_LINE) != 0)
            return fail_null (error, ERR_FORMAT,
                              "tail does not begin with '%s': the bundle needs "
                              "another version of handcarry",
                              TAIL_TYPE_LINE);
        if (first)
            continue;
        if (*line == '\0')
            return g_steal_pointer (&entries);
        if (!parse_entry (line, &entry, error))
            return NULL;
        if (++count[entry.section] > sections[entry.section].most)
            return fail_null (error, ERR_FORMAT, "tail has more than %u sections '%s'",
                              sections[entry.section].most, sections[entry.section].name);
        g_array_append_val (entries, entry);
    }
}

static gboolean
add_root_vote (Tail *tail, GBytes *bytes, GError **error)
{
    SignedRoot *root;

    if (tail->chain->len == 0)
        return fail (error, ERR_FORMAT, "tail has a vote on a root before any root");
    root = tail->chain->pdata[tail->chain->len - 1];
    if (root->votes->len >= LIMIT_VOTES)
        return fail (error, ERR_FORMAT, "tail has more than %d votes on one root", LIMIT_VOTES);
    g_ptr_array_add (root->votes, g_bytes_ref (bytes));
    return TRUE;
}

static gboolean
take_section (Tail *tail, Section section, GBytes *bytes, GError **error)
{
    switch (section) {
    case S_STATEMENT:
        tail->statement = g_bytes_ref (bytes);
        return TRUE;
    case S_PACKING:
        tail->packing = g_bytes_ref (bytes);
        return TRUE;
    case S_INDEX:
        tail->index = g_bytes_ref (bytes);
        return TRUE;
    case S_VOTE_STATEMENT:
        g_ptr_array_add (tail->statement_votes, g_bytes_ref (bytes));
        return TRUE;
    case S_VOTE_PACKING:
        g_ptr_array_add (tail->packing_votes, g_bytes_ref (bytes));
        return TRUE;
    case S_ROOT:
        g_ptr_array_add (tail->chain, signed_root_new (bytes));
        return TRUE;
    case S_VOTE_ROOT:
        return add_root_vote (tail, bytes, error);
    }
    g_assert_not_reached ();
}

gboolean
tail_is_trust (const Tail *tail)
{
    return tail->statement == NULL;
}

/* A release has all three; a trust bundle has nothing but roots and votes on them. */
static gboolean
check_sections (const Tail *tail, GError **error)
{
    gboolean whole = tail->statement != NULL && tail->packing != NULL && tail->index != NULL;
    gboolean trust = tail->statement == NULL && tail->packing == NULL && tail->index == NULL &&
                     tail->statement_votes->len == 0 && tail->packing_votes->len == 0 &&
                     tail->chain->len > 0;

    return whole || trust ||
           fail (error, ERR_FORMAT, "tail lacks a statement, packing list or frame index");
}

Tail *
tail_parse (const guint8 *payload, gsize length, guint64 file_offset, GError **error)
{
    g_autoptr (Tail) tail = tail_new ();
    gsize at = 0;
    g_autoptr (GArray) entries = parse_directory (payload, length, &at, error);
    Section last = S_STATEMENT;

    if (entries == NULL)
        return NULL;
    for (guint i = 0; i < entries->len; i++) {
        const Entry *entry = &g_array_index (entries, Entry, i);
        g_autoptr (GBytes) bytes = NULL;

        if (entry->offset != file_offset + at || entry->length > length - at)
            return fail_null (error, ERR_FORMAT,
                              "section '%s' of the tail does not lie where the one before it ends",
                              sections[entry->section].name);
        if (MIN (entry->section, S_ROOT) < last)
            return fail_null (error, ERR_FORMAT, "section '%s' of the tail is out of order",
                              sections[entry->section].name);
        last = MIN (entry->section, S_ROOT);
        bytes = g_bytes_new (payload + at, entry->length);
        at += entry->length;
        if (!take_section (tail, entry->section, bytes, error))
            return NULL;
    }
    if (at != length)
        return fail_null (error, ERR_FORMAT,
                          "tail has %" G_GSIZE_FORMAT " bytes behind its sections", length - at);
    return check_sections (tail, error) ? g_steal_pointer (&tail) : NULL;
}

/* The footer is text of one form only: it is read, then written again and compared. */
static gboolean
parse_footer (const char *text, guint64 *offset, guint64 *length, GError **error)
{
    g_autofree char *again = NULL;
    g_autoptr (GBytes) frame = NULL;
    guint format;

    /* NOLINTNEXTLINE(cert-err34-c): one that is too large is not the same when written again */
    if (sscanf (text + ZSTD_SKIPPABLE_HEADER,
                "handcarry %9u %20" G_GUINT64_FORMAT " %20" G_GUINT64_FORMAT, &format, offset,
                length) != 3)
        return fail (
            error, ERR_FORMAT,
            "is not a bundle, or its end is missing: no footer 'handcarry 1 …' in the last "
            "%d bytes",
            (int)FOOTER_BYTES);
    if (format > 1)
        return fail (error, ERR_FORMAT,
                     "is a bundle of format %u, and this handcarry knows format 1: a newer "
                     "handcarry is needed",
                     format);
    again = g_strdup_printf (FOOTER_FORMAT, *offset, *length);
    frame = frame_skippable ((const guint8 *)again, FOOTER_PAYLOAD);
    if (memcmp (text, g_bytes_get_data (frame, NULL), FOOTER_BYTES) != 0)
        return fail (error, ERR_FORMAT, "has a damaged footer");
    return TRUE;
}

static gboolean
read_footer (const Parts *parts, guint64 *offset, guint64 *length, GError **error)
{
    guint64 total = parts_bytes (parts), before = total - FOOTER_BYTES;
    g_autofree char *text = g_malloc0 (FOOTER_BYTES + 1);

    if (total < FOOTER_BYTES)
        return fail (error, ERR_FORMAT, "is not a bundle: it has only %" G_GUINT64_FORMAT " bytes",
                     total) ||
               parts_fail_prefix (parts, FALSE, error);
    if (!parts_pread (parts, text, FOOTER_BYTES, before, error))
        return FALSE;
    if (!parse_footer (text, offset, length, error))
        return parts_fail_prefix (parts, FALSE, error);
    if (*length >= ZSTD_SKIPPABLE_HEADER && *length <= LIMIT_TAIL_BYTES && *offset <= before &&
        *length == before - *offset)
        return TRUE;
    return fail (error, ERR_FORMAT,
                 "is cut or has bytes added: its footer puts the tail at %" G_GUINT64_FORMAT
                 " with %" G_GUINT64_FORMAT " bytes, but the file has %" G_GUINT64_FORMAT " bytes",
                 *offset, *length, total) ||
           parts_fail_prefix (parts, *offset > before || *length > before - *offset, error);
}

static Tail *
read_any (const Parts *parts, GError **error)
{
    guint64 offset = 0, length = 0;
    g_autofree guint8 *bytes = NULL;
    guint32 header[2];
    Tail *tail;

    if (!read_footer (parts, &offset, &length, error))
        return NULL;
    bytes = g_malloc (length);
    if (!parts_pread (parts, bytes, length, offset, error))
        return NULL;
    memcpy (header, bytes, sizeof header);
    if (GUINT32_FROM_LE (header[0]) != ZSTD_SKIPPABLE_MAGIC ||
        GUINT32_FROM_LE (header[1]) != length - ZSTD_SKIPPABLE_HEADER)
        return fail_null (error, ERR_FORMAT, "has a damaged tail frame");
    tail = tail_parse (bytes + ZSTD_SKIPPABLE_HEADER, length - ZSTD_SKIPPABLE_HEADER,
                       offset + ZSTD_SKIPPABLE_HEADER, error);
    if (tail != NULL)
        tail->offset = offset;
    return tail;
}

Tail *
tail_read (const Parts *parts, GError **error)
{
    g_autoptr (Tail) tail = read_any (parts, error);

    if (tail != NULL && tail_is_trust (tail))
        return fail_null (error, ERR_FORMAT,
                          "is a trust bundle, which carries no release: 'handcarry trust import' "
                          "takes it, and so does 'handcarry install' of the folder it lies in");
    return g_steal_pointer (&tail);
}

GPtrArray *
tail_read_chain (const Parts *parts, GError **error)
{
    g_autoptr (Tail) tail = read_any (parts, error);

    if (tail == NULL)
        return NULL;
    if (tail_is_trust (tail) && tail->offset != 0)
        return fail_null (error, ERR_FORMAT,
                          "has %" G_GUINT64_FORMAT " bytes before the trust roots, which belong to "
                          "no trust bundle",
                          tail->offset);
    return g_ptr_array_ref (tail->chain);
}
