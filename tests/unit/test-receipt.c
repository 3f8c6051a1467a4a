/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "corpus.h"
#include "install/host-key.h"
#include "install/place.h"
#include "install/receipt-chain.h"
#include "install/receipt.h"
#include "install/records.h"
#include "keys/secret.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A host that has imported its trust root. */
typedef struct {
    char *root;
    Host *host;
    int receipts; /* its folder, after the first one */
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *state = NULL;

    f->root = g_dir_make_tmp ("receipt-XXXXXX", NULL);
    state = g_build_filename (f->root, HOST_STATE_FOLDER, NULL);
    g_assert_true (records_create (state, &error));
    f->host = host_open (f->root, TRUE, &error);
    g_assert_no_error (error);
    g_assert_true (host_lock (f->host, &error));
    f->host->name = g_strdup ("WS_3");
    f->host->site = g_strdup ("plant-a");
    f->receipts = -1;
}

static void
tear_down (Fixture *f, gconstpointer data)
{
    file_clear_fd (&f->receipts);
    host_free (f->host);
    g_assert_true (place_remove_tree (AT_FDCWD, f->root, NULL));
    g_free (f->root);
}

/* The journal of a run of two steps, one of which failed. */
static Journal *
make_journal (Fixture *f, const char *id)
{
    static const char steps[] =
        "[{\"kind\":\"config\",\"subject\":\"/etc/a\",\"action\":\"place\",\"data\":{}},"
        "{\"kind\":\"playbook\",\"subject\":\"site.yml\",\"action\":\"run\",\"data\":{}}]";
    g_autoptr (JsonObject) begin = json_object_new (), data = json_object_new ();
    g_autoptr (GError) error = NULL;
    Release release = { .issued = (char *)"2026-11-20T00:00:00Z" };
    g_autoptr (VoteReport) votes = vote_report_new ();
    Run run = { .host = f->host,
                .release = &release,
                .votes = votes,
                .options = { .by = "ada", .ref = "CHG-7" } };
    JsonObject *report = json_object_new ();
    Journal *journal;

    json_object_set_string_member (begin, "run", id);
    json_object_set_string_member (begin, "verb", "install");
    json_object_set_string_member (begin, "product", "plant-hmi");
    json_object_set_string_member (begin, "channel", "stable");
    json_object_set_string_member (begin, "version", "1.5.0");
    json_object_set_int_member (begin, "to", 42);
    json_object_set_member (begin, "steps", json_from_string (steps, NULL));
    g_assert_true (receipt_begin (&run, begin, &error));
    journal = journal_begin (f->host->state_fd, begin, &error);
    g_assert_no_error (error);
    json_object_set_int_member (report, "tasks", 3);
    json_object_set_object_member (data, "report", report);
    g_assert_true (journal_step (journal, 0, PART_APPLY, "start", NULL, NULL, NULL));
    g_assert_true (journal_step (journal, 0, PART_APPLY, "done", NULL, NULL, NULL));
    g_assert_true (journal_phase (journal, PHASE_SWITCH, NULL, NULL));
    g_assert_true (journal_step (journal, 1, PART_APPLY, "start", NULL, NULL, NULL));
    g_assert_true (journal_step (journal, 1, PART_APPLY, "failed", "no luck", data, NULL));
    g_assert_true (journal_step (journal, 0, PART_APPLY, "start", NULL, NULL, NULL));
    return journal;
}

static void
write_state (Fixture *f, guint64 release)
{
    g_autoptr (State) state = state_new ("plant-hmi");
    autofd int fd = host_open_product (f->host, "plant-hmi", NULL);

    state->channel = g_strdup ("stable");
    state->version = g_strdup ("1.5.0");
    state->release = release;
    g_assert_true (state_write (fd, state, NULL));
}

static void
write_receipt (Fixture *f, const char *id, int code)
{
    g_autoptr (Journal) journal = make_journal (f, id);
    g_autoptr (GError) error = NULL;
    ReceiptResult result = { .code = code, .message = code != 0 ? "no luck; back" : NULL };

    g_assert_true (receipt_reserve (f->host, &error));
    g_assert_true (receipt_write (f->host, journal, &result, &error));
    g_assert_no_error (error);
    g_assert_true (journal_end (journal, f->host->state_fd, -1, NULL, NULL));
    if (f->receipts < 0)
        f->receipts = file_open_below (f->host->state_fd, RECEIPT_FOLDER, O_RDONLY, NULL);
}

static void
write_three (Fixture *f)
{
    write_receipt (f, "run-1", 0);
    write_state (f, 42);
    write_receipt (f, "run-2", 8);
    write_receipt (f, "run-3", 0);
}

static GBytes *
content (Fixture *f, const char *name)
{
    GBytes *bytes = file_read_below (f->receipts, name, RECEIPT_BYTES, NULL);

    g_assert_nonnull (bytes);
    return bytes;
}

static gboolean
check (Fixture *f, gboolean with_records, GError **error)
{
    g_autoptr (ReceiptChain) chain = receipt_chain_read (f->receipts, NULL);
    g_autoptr (Records) records = NULL;
    g_autofree char *path = g_build_filename (f->host->etc_path, "host.pub", NULL);
    PublicKey key;

    g_assert_true (public_key_load (path, &key, NULL));
    g_assert_true (records_read (f->host->state_fd, &records, NULL));
    return receipt_chain_check (chain, &key, with_records ? records : NULL, error);
}

static void
assert_bad (Fixture *f, const char *why)
{
    g_autoptr (GError) error = NULL;

    g_assert_false (check (f, TRUE, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_TRUST);
    if (strstr (error->message, why) == NULL)
        g_error ("'%s' lacks '%s'", error->message, why);
}

static gboolean
parse_one (GBytes *input, GError **error)
{
    g_autoptr (Receipt) receipt = receipt_parse (input, "000001.json", error);

    return receipt != NULL;
}

static void
test_files (void)
{
    corpus_walk ("receipt", parse_one);
}

static void
test_it_says_who_what_and_how (Fixture *f, gconstpointer data)
{
    g_autoptr (GBytes) text = NULL;
    g_autoptr (Receipt) receipt = NULL;
    g_autofree char *whole = NULL;

    write_state (f, 41);
    write_receipt (f, "run-1", 8);
    text = content (f, "000001.json");
    receipt = receipt_parse (text, "x", NULL);
    g_assert_cmpuint (receipt->number, ==, 1);
    g_assert_cmpstr (receipt->run, ==, "run-1");
    g_assert_cmpstr (receipt->host, ==, "ws-3");
    g_assert_cmpstr (receipt->site, ==, "plant-a");
    g_assert_cmpstr (receipt->by, ==, "ada");
    g_assert_cmpstr (receipt->ref, ==, "CHG-7");
    g_assert_cmpuint (receipt->wanted.release, ==, 42);
    g_assert_cmpuint (receipt->after.release, ==, 41);
    g_assert_cmpuint (receipt->generation, ==, 1);
    g_assert_cmpuint (receipt->code, ==, 8);
    g_assert_cmpstr (receipt->outcome, ==, "rolled back");
    g_assert_true (receipt->has_ms);
    g_assert_cmpint (receipt->issued, ==, 1795132800);
    whole = g_strndup (g_bytes_get_data (text, NULL), g_bytes_get_size (text));
    g_assert_true (g_str_has_prefix (whole, RECEIPT_TYPE_LINE));
    g_assert_nonnull (strstr (whole, "\"result\" : \"failed\""));
    g_assert_nonnull (strstr (whole, "\"message\" : \"no luck\""));
    g_assert_nonnull (strstr (whole, "\"result\" : \"cut off\""));
    g_assert_nonnull (strstr (whole, "\"tasks\" : 3"));
    g_assert_nonnull (strstr (whole, "\"phase\" : \"switch\""));
}

/* What no reader would take is left out, the receipt is not. */
static void
test_a_receipt_stays_short_enough_to_be_read (Fixture *f, gconstpointer data)
{
    g_autoptr (Journal) journal = make_journal (f, "run-1");
    g_autoptr (JsonObject) data_object = json_object_new ();
    g_autofree char *text = g_strnfill (RECEIPT_BYTES, 'x');
    JsonObject *report = json_object_new ();
    ReceiptResult result = { .code = 0 };
    g_autoptr (GBytes) written = NULL;
    Digest zeros = { 0 };

    json_object_set_string_member (report, "said", text);
    json_object_set_object_member (data_object, "report", report);
    g_assert_true (journal_step (journal, 1, PART_APPLY, "done", NULL, data_object, NULL));
    written = receipt_text (f->host, journal, &result, 1, &zeros, NULL);
    g_assert_cmpuint (g_bytes_get_size (written), <, 65536);
    g_assert_true (parse_one (written, NULL));
}

static void
test_118_a_chain_as_it_was_written_is_good (Fixture *f, gconstpointer data)
{
    g_autoptr (GError) error = NULL;

    write_three (f);
    g_assert_true (check (f, TRUE, &error));
    g_assert_no_error (error);
}

static void
test_118_an_edited_receipt_is_named (Fixture *f, gconstpointer data)
{
    g_autoptr (GBytes) text = NULL, edited = NULL;
    g_autofree char *whole = NULL;

    write_three (f);
    text = content (f, "000002.json");
    whole = g_strndup (g_bytes_get_data (text, NULL), g_bytes_get_size (text));
    *strstr (whole, "ada") = 'e';
    edited = g_bytes_new (whole, strlen (whole));
    g_assert_true (file_replace (f->receipts, "000002.json", edited, 0644, NULL));
    assert_bad (f, "receipt 000002: it is not as the host signed it");
}

static void
test_118_a_missing_receipt_is_named (Fixture *f, gconstpointer data)
{
    write_three (f);
    g_assert_cmpint (unlinkat (f->receipts, "000002.json", 0), ==, 0);
    assert_bad (f, "receipt 000002 is missing");
}

static void
test_118_a_receipt_without_signature_is_named (Fixture *f, gconstpointer data)
{
    write_three (f);
    g_assert_cmpint (unlinkat (f->receipts, "000003.json.minisig", 0), ==, 0);
    assert_bad (f, "receipt 000003: it has no signature");
}

static void
test_118_the_newest_cut_off_is_seen (Fixture *f, gconstpointer data)
{
    write_three (f);
    g_assert_cmpint (unlinkat (f->receipts, "000003.json", 0), ==, 0);
    assert_bad (f, "the newest were cut off");
    /* Nobody can see that of receipts that were carried away. */
    g_assert_true (check (f, FALSE, NULL));
}

static void
test_118_a_receipt_under_another_name_is_named (Fixture *f, gconstpointer data)
{
    g_autoptr (GBytes) text = NULL, signature = NULL;

    write_three (f);
    text = content (f, "000001.json");
    signature = content (f, "000001.json.minisig");
    g_assert_true (file_replace (f->receipts, "000002.json", text, 0644, NULL));
    g_assert_true (file_replace (f->receipts, "000002.json.minisig", signature, 0644, NULL));
    assert_bad (f, "receipt 000002: it is receipt 1 under another name");
}

/* Signed by the host itself, and yet not what the next one followed. */
static void
test_118_an_exchanged_receipt_breaks_the_chain (Fixture *f, gconstpointer data)
{
    g_autoptr (Journal) journal = NULL;
    g_autoptr (GBytes) text = NULL, signature = NULL;
    g_autoptr (SecretKey) key = NULL;
    ReceiptResult result = { .code = 0 };
    Digest zeros = { 0 };
    gboolean fresh;

    write_three (f);
    journal = make_journal (f, "run-other");
    text = receipt_text (f->host, journal, &result, 1, &zeros, NULL);
    key = host_key_open (f->host, &fresh, NULL);
    signature = sign_bytes (key, text, "x", NULL);
    g_assert_true (file_replace (f->receipts, "000001.json", text, 0644, NULL));
    g_assert_true (file_replace (f->receipts, "000001.json.minisig", signature, 0644, NULL));
    assert_bad (f, "receipt 000002: the receipt before it is not the one that it followed");
}

/* trust.md 107: a run that died between any two of its records and ran again. */
static void
test_107_a_run_has_one_receipt (Fixture *f, gconstpointer data)
{
    g_autoptr (Journal) journal = NULL;
    g_autoptr (Records) records = NULL;
    g_autoptr (GBytes) before = NULL, after = NULL;
    ReceiptResult result = { .code = 0 }, again = { .code = 8, .message = "another end" };

    write_receipt (f, "run-1", 0);
    g_assert_true (records_read (f->host->state_fd, &records, NULL));
    journal = make_journal (f, "run-2");
    g_assert_false (receipt_is_written (f->host, "run-2"));
    g_assert_true (receipt_write (f->host, journal, &result, NULL));
    g_assert_true (receipt_is_written (f->host, "run-2"));
    before = content (f, "000002.json");
    /* After the records. */
    g_assert_true (receipt_write (f->host, journal, &again, NULL));
    /* Before the records. */
    g_assert_true (records_write (f->host->state_fd, records, NULL));
    g_assert_true (receipt_is_written (f->host, "run-2"));
    g_assert_true (receipt_write (f->host, journal, &again, NULL));
    after = content (f, "000002.json");
    g_assert_true (g_bytes_equal (before, after));
    g_assert_cmpint (faccessat (f->receipts, "000003.json", F_OK, 0), <, 0);
    g_assert_true (check (f, TRUE, NULL));
}

/* trust.md 118: what was made of the newest receipt must not keep the next run from ending. */
static void
test_118_a_damaged_newest_receipt_stops_no_run (Fixture *f, gconstpointer data)
{
    g_autoptr (GBytes) nothing = g_bytes_new_static ("", 0);

    write_three (f);
    g_assert_true (file_replace (f->receipts, "000003.json", nothing, 0644, NULL));
    write_receipt (f, "run-4", 0);
    assert_bad (f, "receipt 000003");
}

static void
test_117_without_room_nothing_begins (Fixture *f, gconstpointer data)
{
    g_autoptr (GError) error = NULL;

    /* A file in the way of the folder, for whoever runs the test may write everywhere. */
    g_assert_true (
        file_create (f->host->state_fd, RECEIPT_FOLDER, g_bytes_new_static ("", 0), 0600, NULL));
    g_assert_false (receipt_reserve (f->host, &error));
    g_assert_nonnull (strstr (error->message, "could not be recorded"));
}

#define ADD(name, func) g_test_add ("/receipt/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/receipt/files", test_files);
    ADD ("content", test_it_says_who_what_and_how);
    ADD ("short", test_a_receipt_stays_short_enough_to_be_read);
    ADD ("118-good", test_118_a_chain_as_it_was_written_is_good);
    ADD ("118-edited", test_118_an_edited_receipt_is_named);
    ADD ("118-missing", test_118_a_missing_receipt_is_named);
    ADD ("118-unsigned", test_118_a_receipt_without_signature_is_named);
    ADD ("118-cut-off", test_118_the_newest_cut_off_is_seen);
    ADD ("118-renamed", test_118_a_receipt_under_another_name_is_named);
    ADD ("118-exchanged", test_118_an_exchanged_receipt_breaks_the_chain);
    ADD ("118-damaged", test_118_a_damaged_newest_receipt_stops_no_run);
    ADD ("107-once", test_107_a_run_has_one_receipt);
    ADD ("117-no-room", test_117_without_room_nothing_begins);
    return g_test_run ();
}
