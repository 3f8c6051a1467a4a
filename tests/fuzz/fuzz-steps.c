/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/journal-file.h"
#include "install/run.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static const char authored[] =
    "handcarry: 1\nproduct: p\nversion: 1\nrelease: 1\nplatforms: [linux/amd64]\n"
    "playbooks:\n  - {path: a.yml, run: before}\n  - {path: b.yml, run: install}\n"
    "  - {path: c.yml, run: undo}\n"
    "files: [{from: x, to: /opt/x}]\nhealth: [{command: [\"true\"], within: 3s}]\n";

/* The same release is arrived at and left. It has one image. */
static void
set_up (Statement *statement, Run *run, Run *leaving)
{
    static StatementImage image;
    g_autoptr (GBytes) text = g_bytes_new_static (authored, strlen (authored));

    statement->release = release_parse_authored (text, "release.yaml", NULL, NULL, NULL);
    g_assert_nonnull (statement->release);
    statement->images = g_ptr_array_new ();
    g_ptr_array_add (statement->images, &image);
    run->statement = leaving->statement = statement;
    run->release = leaving->release = statement->release;
    run->steps = g_ptr_array_new_with_free_func ((GDestroyNotify)step_free);
}

/* A journal whose begin is the first line and whose further records are the others, each with the
 * digest that it needs. */
static Journal *
read_journal (const guint8 *data, gsize size)
{
    g_autoptr (GString) text = g_string_new (NULL);
    g_autoptr (GBytes) bytes = NULL;
    Digest head = { { 0 } };

    for (gsize at = 0; at < size;) {
        const guint8 *end = memchr (data + at, '\n', size - at);
        gsize length = end != NULL ? (gsize)(end - data) - at : size - at;
        g_autofree char *hex = NULL;

        head = journal_chain (&head, (const char *)data + at, length);
        hex = digest_to_hex (&head);
        g_string_append_printf (text, "%s ", hex);
        g_string_append_len (text, (const char *)data + at, (gssize)length);
        g_string_append_c (text, '\n');
        at += length + 1;
    }
    bytes = g_bytes_new (text->str, text->len);
    return journal_parse (bytes, NULL);
}

/* What recovery reads of each step is written again. A run that leaves no release too. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    static Statement statement;
    static Run run, leaving;
    g_autoptr (Journal) journal = read_journal (data, size);

    if (statement.release == NULL)
        set_up (&statement, &run, &leaving);
    for (guint i = 0; journal != NULL && i < 2; i++) {
        run.leaving = i == 0 ? &leaving : NULL;
        if (!steps_read (&run, journal, NULL))
            continue;
        for (guint k = 0; k < run.steps->len; k++)
            json_object_unref (step_to_json (run.steps->pdata[k]));
    }
    g_ptr_array_set_size (run.steps, 0);
    return 0;
}
