/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/frame.h"
#include "bundle/member.h"
#include "bundle/source-tar.h"
#include "bundle/strictjson.h"
#include "bundle/tail.h"
#include "corpus.h"
#include "keys/trust.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/yaml-loose.h"
#include "tests/fuzz/sections.h"

#include <locale.h>
#include <string.h>
#include <sys/mman.h>

/* What fuzz targets start from, where no other test of the module walks it: each is taken or
 * refused with its sentence. */

static gssize
read_once (guint8 *buffer, gsize length, gpointer data, GError **error)
{
    GByteArray *left = data;
    gsize n = MIN (length, left->len);

    if (n > 0) {
        memcpy (buffer, left->data, n);
        g_byte_array_remove_range (left, 0, (guint)n);
    }
    return (gssize)n;
}

static gboolean
take_members (GBytes *input, GError **error)
{
    g_autoptr (GByteArray) left = g_byte_array_new ();
    g_autoptr (MemberReader) reader = member_reader_new (read_once, left);
    const char *name = "";
    guint64 size;
    gboolean executable;
    guint8 piece[512];
    gssize n = 0;

    g_byte_array_append (left, g_bytes_get_data (input, NULL), (guint)g_bytes_get_size (input));
    while (name != NULL) {
        if (!member_reader_next (reader, &name, &size, &executable, error))
            return FALSE;
        while (name != NULL && (n = member_reader_read (reader, piece, sizeof piece, error)) > 0)
            continue;
        if (n < 0)
            return FALSE;
    }
    return TRUE;
}

static gboolean
take_frame (GBytes *input, GError **error)
{
    gsize size;
    const guint8 *data = g_bytes_get_data (input, &size);
    Frame frame = { .compressed = size - 2, .content = (guint64)data[0] << 8 | data[1] };
    g_autofree guint8 *out = g_malloc (frame.content);

    return frame_decompress (&frame, data + 2, out, error);
}

static gboolean
take_footer (GBytes *input, GError **error)
{
    g_autofree char *path = scratch_path ("bundle");
    g_autoptr (Parts) parts = NULL;
    g_autoptr (Tail) tail = NULL;

    scratch_write ("bundle", g_bytes_get_data (input, NULL), g_bytes_get_size (input));
    parts = parts_open (path, NULL);
    tail = tail_read (parts, error);
    return tail != NULL;
}

static gboolean
take_archive (GBytes *input, GError **error)
{
    int fd = memfd_create ("archive", MFD_CLOEXEC);
    g_autoptr (SourceTar) tar = NULL;

    g_assert_true (file_pwrite_all (fd, "archive", g_bytes_get_data (input, NULL),
                                    g_bytes_get_size (input), 0, NULL));
    tar = source_tar_open (fd, "archive", scratch_folder (), NULL, error);
    return tar != NULL;
}

static gboolean
take_plays (GBytes *input, GError **error)
{
    g_autoptr (YamlNode) documents = yaml_parse_loose (input, "site.yml", error);

    return documents != NULL;
}

static gboolean
take_json (GBytes *input, GError **error)
{
    g_autoptr (JsonNode) root = NULL;

    return strictjson_parse_object (input, "input", &root, error) != NULL;
}

static gboolean
take_chain (GBytes *input, GError **error)
{
    g_autoptr (GPtrArray) sections =
        sections_split (g_bytes_get_data (input, NULL), g_bytes_get_size (input));
    g_autoptr (GPtrArray) chain = sections_chain (sections, "root", "vote");
    g_autoptr (TrustRoot) trust = trust_prove (chain, error);

    return trust != NULL;
}

static gboolean
take_votes (GBytes *input, GError **error)
{
    g_autoptr (GPtrArray) sections =
        sections_split (g_bytes_get_data (input, NULL), g_bytes_get_size (input));
    g_autoptr (GPtrArray) chain = sections_chain (sections, "root", "vote-root");
    g_autoptr (GPtrArray) votes = sections_all (sections, "vote");
    g_autoptr (TrustRoot) trust = trust_prove (chain, error);
    g_autoptr (VoteReport) report = vote_report_new ();
    GBytes *text = sections_find (sections, "text");
    const char *begin = g_bytes_get_data (text, NULL);
    SignedKind kind =
        g_str_has_prefix (begin, "handcarry-packing") ? SIGNED_PACKING : SIGNED_STATEMENT;

    return trust != NULL && trust_check_votes (trust, kind, text, votes, report, error);
}

static const struct {
    const char *folder;
    CorpusFunc take;
} folders[] = {
    { "footer", take_footer },     { "frame", take_frame },        { "member", take_members },
    { "plays", take_plays },       { "source-tar", take_archive }, { "strictjson", take_json },
    { "trust-chain", take_chain }, { "votes", take_votes },
};

static void
test_folder (gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE (data);

    corpus_walk (folders[i].folder, folders[i].take);
}

int
main (int argc, char **argv)
{
    setlocale (LC_CTYPE, "C.UTF-8");
    g_test_init (&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (folders); i++) {
        g_autofree char *path = g_strconcat ("/seeds/", folders[i].folder, NULL);

        g_test_add_data_func (path, GSIZE_TO_POINTER (i), test_folder);
    }
    return g_test_run ();
}
