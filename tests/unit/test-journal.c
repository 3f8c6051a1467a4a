/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "corpus.h"
#include "install/journal.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    char *dir;
    int fd;
} Folder;

static void
set_up (Folder *folder, gconstpointer data)
{
    folder->dir = g_dir_make_tmp ("handcarry-journal-XXXXXX", NULL);
    folder->fd = openat (AT_FDCWD, folder->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    g_assert_cmpint (folder->fd, >=, 0);
}

static void
tear_down (Folder *folder, gconstpointer data)
{
    unlinkat (folder->fd, JOURNAL_FILE, 0);
    unlinkat (folder->fd, "kept", 0);
    file_clear_fd (&folder->fd);
    g_assert_cmpint (g_rmdir (folder->dir), ==, 0);
    g_free (folder->dir);
}

static Journal *
begin (Folder *folder)
{
    g_autoptr (JsonObject) object = json_object_new ();
    JsonArray *steps = json_array_new ();
    JsonObject *step = json_object_new (), *data = json_object_new ();
    g_autoptr (GError) error = NULL;
    Journal *journal;

    json_object_set_string_member (data, "path", "/etc/a");
    json_object_set_object_member (step, "data", data);
    json_array_add_object_element (steps, step);
    json_object_set_string_member (object, "verb", "install");
    json_object_set_int_member (object, "to", 42);
    json_object_set_array_member (object, "steps", steps);
    journal = journal_begin (folder->fd, object, &error);
    g_assert_no_error (error);
    return journal;
}

static void
note (Journal *journal, const char *path)
{
    g_autoptr (JsonObject) data = json_object_new ();
    g_autoptr (GError) error = NULL;

    json_object_set_string_member (data, "path", path);
    g_assert_true (journal_step (journal, 0, PART_PREPARE, "done", "bad \xff byte", data, &error));
}

static Journal *
open_again (Folder *folder, gboolean write)
{
    g_autoptr (GError) error = NULL;
    Journal *journal;

    g_assert_true (journal_open (folder->fd, write, &journal, &error));
    g_assert_no_error (error);
    return journal;
}

static void
test_what_is_written_is_read_back (Folder *folder, gconstpointer data)
{
    g_autoptr (Journal) journal = begin (folder), again = NULL;
    g_autoptr (GError) error = NULL;

    note (journal, "/etc/b");
    g_assert_true (journal_phase (journal, PHASE_SWITCH, NULL, &error));
    g_assert_true (journal_phase (journal, PHASE_BACK, "why", &error));
    g_assert_true (journal_phase (journal, PHASE_BACK, NULL, &error));
    again = open_again (folder, FALSE);
    g_assert_cmpint (again->phase, ==, PHASE_BACK);
    g_assert_cmpuint (again->tries, ==, 2);
    g_assert_cmpstr (journal_text (again, "verb"), ==, "install");
    g_assert_cmpuint (journal_number (again, "to"), ==, 42);
    g_assert_true (journal_step_begun (again, 0, PART_PREPARE));
    g_assert_false (journal_step_begun (again, 0, PART_APPLY));
    g_assert_cmpstr (json_object_get_string_member (journal_step_data (again, 0), "path"), ==,
                     "/etc/b");
}

static void
test_no_run_is_no_journal (Folder *folder, gconstpointer data)
{
    g_assert_null (open_again (folder, TRUE));
}

static void
append (Folder *folder, const char *text)
{
    autofd int fd = openat (folder->fd, JOURNAL_FILE, O_WRONLY | O_APPEND | O_CLOEXEC);

    g_assert_cmpint (write (fd, text, strlen (text)), ==, (gssize)strlen (text));
}

/* trust.md 108: a record that a power cut tore never happened, and the next one stands in its
 * place. */
static void
test_108_a_torn_record_is_not_counted (Folder *folder, gconstpointer data)
{
    g_autoptr (Journal) first = begin (folder), second = NULL, third = NULL;
    g_autoptr (GError) error = NULL;

    append (folder, "0123456789abcdef {\"record\": \"pha");
    second = open_again (folder, TRUE);
    g_assert_true (second->torn);
    g_assert_cmpint (second->phase, ==, PHASE_PREPARE);
    g_assert_true (journal_phase (second, PHASE_SWITCH, NULL, &error));
    third = open_again (folder, FALSE);
    g_assert_false (third->torn);
    g_assert_cmpint (third->phase, ==, PHASE_SWITCH);
}

static void
test_115_a_damaged_journal_is_refused (Folder *folder, gconstpointer data)
{
    g_autoptr (Journal) journal = begin (folder), again = NULL;
    g_autoptr (GError) error = NULL;
    autofd int fd = -1;

    note (journal, "/etc/b");
    fd = openat (folder->fd, JOURNAL_FILE, O_WRONLY | O_CLOEXEC);
    g_assert_cmpint (pwrite (fd, "#", 1, 100), ==, 1);
    g_assert_false (journal_open (folder->fd, TRUE, &again, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_NEEDS_ATTENTION);
    g_assert_nonnull (strstr (error->message, "damaged"));
}

static void
test_it_ends_by_one_rename (Folder *folder, gconstpointer data)
{
    g_autoptr (Journal) journal = begin (folder), kept = NULL;
    g_autoptr (GError) error = NULL;

    g_assert_true (journal_end (journal, folder->fd, folder->fd, "kept", &error));
    g_assert_null (open_again (folder, FALSE));
    kept = journal_read (folder->fd, "kept", &error);
    g_assert_no_error (error);
    g_assert_cmpuint (journal_number (kept, "to"), ==, 42);
}

static gboolean
read_journal (GBytes *input, GError **error)
{
    g_autoptr (Journal) journal = journal_parse (input, error);

    return journal != NULL;
}

static void
test_journals (void)
{
    corpus_walk ("journal", read_journal);
}

#define ADD(name, func) g_test_add (name, Folder, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    ADD ("/journal/read-back", test_what_is_written_is_read_back);
    ADD ("/journal/none", test_no_run_is_no_journal);
    ADD ("/journal/108-torn", test_108_a_torn_record_is_not_counted);
    ADD ("/journal/115-damaged", test_115_a_damaged_journal_is_refused);
    ADD ("/journal/end", test_it_ends_by_one_rename);
    g_test_add_func ("/journal/corpus", test_journals);
    return g_test_run ();
}
