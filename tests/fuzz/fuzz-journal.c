/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/journal-file.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* The chain of digests would hide everything behind it, so each line gets the one that it needs;
 * as it is, the input is tried too. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) plain = g_bytes_new (data, size), chained = NULL;
    g_autoptr (GString) text = g_string_new (NULL);
    g_autoptr (Journal) first = journal_parse (plain, NULL), second = NULL;
    Digest head = { { 0 } };
    gsize at = 0;

    while (at < size) {
        const guint8 *end = memchr (data + at, '\n', size - at);
        gsize length = end != NULL ? (gsize)(end - data) - at : size - at;
        g_autofree char *hex = NULL;

        /* A line that has its digest already gets another one. */
        if (length > DIGEST_HEX_LENGTH && data[at + DIGEST_HEX_LENGTH] == ' ') {
            at += DIGEST_HEX_LENGTH + 1;
            length -= DIGEST_HEX_LENGTH + 1;
        }
        head = journal_chain (&head, (const char *)data + at, length);
        hex = digest_to_hex (&head);
        g_string_append_printf (text, "%s ", hex);
        g_string_append_len (text, (const char *)data + at, (gssize)length);
        g_string_append_c (text, '\n');
        at += length + 1;
    }
    chained = g_bytes_new (text->str, text->len);
    second = journal_parse (chained, NULL);
    if (second != NULL) {
        g_assert_nonnull (second->begin);
        g_assert_nonnull (journal_text (second, "verb"));
        for (guint i = 0; i < 3; i++) {
            (void)journal_step_data (second, i);
            (void)(journal_step_begun (second, i, PART_APPLY) &&
                   journal_step_done (second, i, PART_APPLY));
        }
        (void)journal_number (second, "release");
    }
    return 0;
}
