/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "layers-fixture.h"

#include "bundle/base-table.h"
#include "bundle/decode.h"
#include "bundle/reader.h"
#include "bundle/rebuild.h"
#include "manifest/error.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* What a process that reads content can do to the one that wants it, once a bundle has taken it
 * over: it is replaced by one that does as these tests say. */

typedef void (*Behave) (int socket, const WireMessage *asked);

static Behave behave;

static void
answer (int socket, DecodeKind kind, guint32 number, guint64 size, gconstpointer bytes,
        gsize length)
{
    const WireHead head = { kind, number, size };

    if (!wire_send (socket, &head, bytes, length, NULL))
        _exit (1);
}

static void
done (int socket)
{
    answer (socket, DECODE_DONE, 1, 0, "", 0);
}

/* In the place of the real one. */
void
decode_child (Bundle *bundle, int socket)
{
    WireMessage *asked = g_new0 (WireMessage, 1);

    prctl (PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    done (socket);
    while (wire_receive (socket, asked))
        behave (socket, asked);
    _exit (0);
}

static void
assert_says (const GError *error, const char *expected)
{
    g_assert_error (error, HANDCARRY_ERROR, ERR_FORMAT);
    if (strstr (error->message, expected) == NULL)
        g_error ("'%s' is not in: %s", expected, error->message);
}

static void
assert_config_fails (WorldFixture *fixture, Behave how, const char *expected)
{
    const Statement *statement = bundle_statement (fixture->bundle);
    g_autoptr (GError) error = NULL;

    behave = how;
    g_assert_null (bundle_read_config (fixture->bundle, statement->images->pdata[0], &error));
    assert_says (error, expected);
}

static void
give_other_bytes (int socket, const WireMessage *asked)
{
    answer (socket, DECODE_DATA, 0, 0, "{}", 2);
    done (socket);
}

static void
test_another_config (WorldFixture *fixture, gconstpointer data)
{
    assert_config_fails (fixture, give_other_bytes, "is not the signed one");
}

static void
give_without_end (int socket, const WireMessage *asked)
{
    static const char piece[WIRE_PIECE];

    for (;;)
        answer (socket, DECODE_DATA, 0, 0, piece, sizeof piece);
}

static void
give_nothing_without_end (int socket, const WireMessage *asked)
{
    for (;;)
        answer (socket, DECODE_DATA, 0, 0, "", 0);
}

static void
assert_ends (WorldFixture *fixture, Behave how)
{
    if (g_test_subprocess ()) {
        alarm (20);
        assert_config_fails (fixture, how, "answered what is no answer");
        return;
    }
    g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
    g_test_trap_assert_passed ();
}

/* It neither stops when told so nor may it: it is ended. */
static void
test_an_answer_without_end (WorldFixture *fixture, gconstpointer data)
{
    assert_ends (fixture, give_without_end);
}

static void
test_an_answer_of_nothing_without_end (WorldFixture *fixture, gconstpointer data)
{
    assert_ends (fixture, give_nothing_without_end);
}

static void
give_no_kind (int socket, const WireMessage *asked)
{
    answer (socket, 4711, 0, 0, "", 0);
}

static void
give_half_a_head (int socket, const WireMessage *asked)
{
    if (send (socket, "x", 1, MSG_NOSIGNAL) != 1)
        _exit (1);
}

static void
close_and_stay (int socket, const WireMessage *asked)
{
    close (socket);
    for (;;)
        pause ();
}

static void
give_descriptors (int socket, const WireMessage *asked)
{
    const WireHead head = { .kind = DECODE_DONE };
    const int fds[] = { STDERR_FILENO, STDERR_FILENO };

    if (!wire_send (socket, &head, "", 0, fds))
        _exit (1);
}

static void
test_what_is_no_answer (WorldFixture *fixture, gconstpointer data)
{
    static const Behave ways[] = { give_no_kind, give_half_a_head, close_and_stay,
                                   give_descriptors };

    for (guint i = 0; i < G_N_ELEMENTS (ways); i++) {
        g_autoptr (Bundle) bundle = bundle_open (fixture->world.path, NULL);
        WorldFixture one = { .bundle = bundle };

        bundle_read_apart (bundle);
        assert_config_fails (&one, ways[i], "answered what is no answer while reading 'images/");
    }
}

static void
end_early (int socket, const WireMessage *asked)
{
    _exit (7);
}

static void
test_it_ends (WorldFixture *fixture, gconstpointer data)
{
    assert_config_fails (fixture, end_early, "ended (status 7) while reading 'images/");
}

static void
give_a_text_for_a_terminal (int socket, const WireMessage *asked)
{
    static const char text[] = "so\x1b[2J\nit\xff is";

    answer (socket, DECODE_FAILED, ERR_FORMAT, 0, text, strlen (text));
}

static void
test_its_words_are_escaped (WorldFixture *fixture, gconstpointer data)
{
    assert_config_fails (fixture, give_a_text_for_a_terminal, "so\\x1b[2J\nit\\xff is");
}

static void
give_a_code_of_trust (int socket, const WireMessage *asked)
{
    answer (socket, DECODE_FAILED, ERR_POLICY, 0, "x", 1);
}

static void
test_its_codes_are_few (WorldFixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;

    behave = give_a_code_of_trust;
    g_assert_null (bundle_read_config (
        fixture->bundle, bundle_statement (fixture->bundle)->images->pdata[0], &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_FAILED);
}

static guint frames; /* of the bundle */

/* What it says that a pass will read. */
static void
give_pass (int socket, const GArray *files)
{
    g_autoptr (GBytes) table = base_table_write (files);
    g_autofree guint8 *flags = g_malloc0 (frames + 1);

    answer (socket, DECODE_DATA, 0, 0, flags, frames);
    answer (socket, DECODE_DATA, 0, 0, g_bytes_get_data (table, NULL), g_bytes_get_size (table));
    done (socket);
}

static gboolean
is_rebuild (int socket, const WireMessage *asked)
{
    g_autoptr (GArray) none = base_table_new ();

    if (asked->head.kind != DECODE_REBUILD)
        return FALSE;
    give_pass (socket, none);
    return TRUE;
}

static void
give_wrong_layer (int socket, const WireMessage *asked)
{
    if (is_rebuild (socket, asked))
        return;
    if (asked->head.kind == DECODE_LAYER)
        answer (socket, DECODE_DATA, 0, 0, "not it", 6);
    done (socket);
}

static void
give_long_layer (int socket, const WireMessage *asked)
{
    static const char piece[WIRE_PIECE];

    if (is_rebuild (socket, asked))
        return;
    if (asked->head.kind == DECODE_LAYER)
        for (guint i = 0; i < 32; i++)
            answer (socket, DECODE_DATA, 0, 0, piece, sizeof piece);
    done (socket);
}

static gboolean
count (const guint8 *bytes, gsize length, gpointer data, GError **error)
{
    *(guint64 *)data += length;
    return TRUE;
}

static void
assert_layer_fails (WorldFixture *fixture, Behave how, const char *expected)
{
    g_autoptr (GArray) layers = world_subset (&fixture->world, 1);
    g_autoptr (Rebuild) rebuild = NULL;
    g_autoptr (GError) error = NULL;
    guint64 bytes = 0;

    behave = how;
    frames = fixture->bundle->frames->len;
    rebuild = rebuild_new (fixture->bundle, layers, NULL, &error);
    g_assert_no_error (error);
    g_assert_false (rebuild_layer (rebuild, &fixture->world.diffids[0], count, &bytes, &error));
    assert_says (error, expected);
    g_assert_cmpuint (bytes, <=, fixture->world.layers[0]->len);
}

static void
test_another_layer (WorldFixture *fixture, gconstpointer data)
{
    assert_layer_fails (fixture, give_wrong_layer, "its recipe makes");
}

static void
test_061_a_layer_without_end (WorldFixture *fixture, gconstpointer data)
{
    assert_layer_fails (fixture, give_long_layer, "its recipe makes more bytes than signed");
}

static void
ask_for_base_files (int socket, const WireMessage *asked)
{
    static const guint32 wanted[] = { 0, 1, 2, G_MAXUINT32 };
    g_autofree WireMessage *message = g_new0 (WireMessage, 1);
    guint32 length = 1;

    if (is_rebuild (socket, asked) || asked->head.kind != DECODE_LAYER) {
        if (asked->head.kind != DECODE_REBUILD)
            done (socket);
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS (wanted); i++) {
        answer (socket, DECODE_NEED_BASE, wanted[i], 0, &length, sizeof length);
        if (!wire_receive (socket, message) || message->head.kind != DECODE_FAILED)
            _exit (1);
    }
    answer (socket, DECODE_FAILED, ERR_FORMAT, 0, message->bytes, message->length);
}

static void
test_base_files_that_no_recipe_names (WorldFixture *fixture, gconstpointer data)
{
    assert_layer_fails (fixture, ask_for_base_files, "there is no such base file");
}

static void
assert_pass_fails (WorldFixture *fixture, Behave how, const char *expected)
{
    g_autoptr (Bundle) bundle = bundle_open (fixture->world.path, NULL);
    g_autoptr (GArray) layers = world_subset (&fixture->world, 1);
    g_autoptr (GError) error = NULL;

    bundle_read_apart (bundle);
    behave = how;
    frames = bundle->frames->len;
    g_assert_null (rebuild_new (bundle, layers, NULL, &error));
    assert_says (error, expected);
}

static void
name_a_file (int socket, const WireMessage *asked, const char *path)
{
    BaseFile file = { 0, 0, (char *)path, 1, 0 };
    g_autoptr (GArray) files = g_array_new (FALSE, FALSE, sizeof (BaseFile));

    if (asked->head.kind != DECODE_REBUILD) {
        done (socket);
        return;
    }
    g_array_append_val (files, file);
    give_pass (socket, files);
}

static void
name_a_way_out (int socket, const WireMessage *asked)
{
    name_a_file (socket, asked, "a/../../etc/shadow");
}

static void
name_no_base (int socket, const WireMessage *asked)
{
    name_a_file (socket, asked, "etc/shadow");
}

static void
give_too_few_frames (int socket, const WireMessage *asked)
{
    done (socket);
}

static void
test_base_files_that_it_may_not_name (WorldFixture *fixture, gconstpointer data)
{
    assert_pass_fails (fixture, name_a_way_out, "that is not plain and relative");
    assert_pass_fails (fixture, name_no_base, "which the packing list does not have");
    assert_pass_fails (fixture, give_too_few_frames, "lacks frames");
}

static const struct {
    const char *first, *second; /* paths; NULL: that is all */
    guint64 size;               /* as said; one byte is given */
    const char *expected;
} trees[] = {
    { "../etc/passwd", NULL, 1, ".." },
    { "/etc/passwd", NULL, 1, "/etc/passwd" },
    { "b", "a", 1, "order" },
    { "b", "b", 1, "order" },
    { "a", NULL, 2, "another length" },
    { "a", NULL, 0, "another length" },
    { "a", NULL, 1, "the tree's commit is" },
    { NULL, NULL, 0, "the tree's commit is" },
};
static guint tree, given;

static void
give_tree (int socket, const WireMessage *asked)
{
    const char *path = given == 0 ? trees[tree].first : trees[tree].second;

    if (asked->head.kind == DECODE_TREE_READ) {
        answer (socket, DECODE_DATA, 0, 0, "x", 1);
        done (socket);
    } else if (asked->head.kind != DECODE_TREE_NEXT) {
        done (socket);
    } else if (path == NULL || given > 1) {
        answer (socket, DECODE_DONE, DECODE_STEP_END, 0, "", 0);
    } else {
        answer (socket, DECODE_DATA, 0, 0, path, strlen (path));
        answer (socket, DECODE_DONE, DECODE_STEP_PLAIN, trees[tree].size, "", 0);
        given++;
    }
}

static gboolean
pass_over (const char *path, gboolean executable, guint64 size, const guint8 *piece, gsize length,
           gboolean last, gpointer data, GError **error)
{
    g_assert_null (strstr (path, ".."));
    return TRUE;
}

static void
test_080_091_trees_that_were_not_signed (WorldFixture *fixture, gconstpointer data)
{
    behave = give_tree;
    for (tree = 0; tree < G_N_ELEMENTS (trees); tree++) {
        g_autoptr (Bundle) bundle = bundle_open (fixture->world.path, NULL);
        g_autoptr (GError) error = NULL;

        /* The world has no tree: its commit is the one of nothing. */
        bundle->statement->tree_commit = digest_of ("x", 1);
        bundle_read_apart (bundle);
        g_assert_false (bundle_read_tree (bundle, pass_over, NULL, &error));
        assert_says (error, trees[tree].expected);
    }
}

#define ADD(name)                                                                                  \
    g_test_add ("/reader-hostile/" #name, WorldFixture, NULL, world_fixture_set_up, test_##name,   \
                world_fixture_tear_down)

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    ADD (another_config);
    ADD (an_answer_without_end);
    ADD (an_answer_of_nothing_without_end);
    ADD (what_is_no_answer);
    ADD (it_ends);
    ADD (its_words_are_escaped);
    ADD (its_codes_are_few);
    ADD (another_layer);
    ADD (061_a_layer_without_end);
    ADD (base_files_that_no_recipe_names);
    ADD (base_files_that_it_may_not_name);
    ADD (080_091_trees_that_were_not_signed);
    return g_test_run ();
}
