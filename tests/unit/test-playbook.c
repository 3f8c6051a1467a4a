/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "corpus.h"
#include "install/host.h"
#include "install/playbook-recap.h"

#include <string.h>

static gboolean
read_results (GBytes *input, GError **error)
{
    g_autoptr (PlaybookRecap) recap = playbook_recap_read (input, "site.yml", FALSE, NULL, error);

    return recap != NULL && playbook_recap_check (recap, "site.yml", error);
}

static void
test_results (void)
{
    corpus_walk ("playbook-results", read_results);
}

static GPtrArray *
one_secret (void)
{
    static HostValue secret = { (char *)"password", (char *)"hunter2", TRUE };
    GPtrArray *values = g_ptr_array_new ();

    g_ptr_array_add (values, &secret);
    return values;
}

static PlaybookRecap *
read_text (const char *text, gboolean well, GPtrArray *values)
{
    g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
    g_autoptr (GError) error = NULL;
    PlaybookRecap *recap = playbook_recap_read (bytes, "site.yml", well, values, &error);

    g_assert_no_error (error);
    return recap;
}

static void
test_secrets_are_masked_and_the_end_is_kept (void)
{
    g_autoptr (GPtrArray) values = one_secret ();
    g_autoptr (GString) text = g_string_new ("{\"event\":\"play\"}\n{\"event\":\"task\",\"ms\":5,"
                                             "\"status\":\"failed\",\"task\":\"use hunter2\","
                                             "\"host\":\"h\",\"said\":\"");
    g_autoptr (PlaybookRecap) recap = NULL;

    for (guint i = 0; i < 5000; i++)
        g_string_append_printf (text, "line %u has hunter2\\n", i);
    g_string_append (text, "\"}\n{\"event\":\"end\"}\n");
    recap = read_text (text->str, FALSE, values);
    g_assert_null (strstr (recap->fault, "hunter2"));
    g_assert_nonnull (strstr (recap->fault, "task 'use ********' on 'h': failed:\n    line 4988 "));
    g_assert_true (g_str_has_suffix (recap->fault, "\n    line 4999 has ********"));
    g_assert_cmpstr (((PlaybookTask *)recap->tasks->pdata[0])->task, ==, "use ********");
}

static void
test_a_failed_task_of_a_good_run_was_rescued (void)
{
    static const char text[] =
        "{\"event\":\"play\"}\n{\"event\":\"task\",\"ms\":5,\"status\":\"failed\"}\n"
        "{\"event\":\"end\"}\n";
    g_autoptr (PlaybookRecap) recap = read_text (text, TRUE, NULL);
    g_autoptr (GError) error = NULL;

    g_assert_true (playbook_recap_check (recap, "site.yml", &error));
    g_assert_cmpuint (recap->counts[TASK_RESCUED], ==, 1);
    g_assert_cmpuint (recap->counts[TASK_FAILED], ==, 0);
}

static void
test_only_the_first_tasks_are_listed_and_all_are_counted (void)
{
    g_autoptr (GString) text = g_string_new ("{\"event\":\"play\"}\n");
    g_autoptr (PlaybookRecap) recap = NULL;
    g_autoptr (JsonObject) object = json_object_new ();

    for (guint i = 0; i < PLAYBOOK_RECAP_TASKS + 7; i++)
        g_string_append (text, "{\"event\":\"task\",\"ms\":5,\"status\":\"changed\"}\n");
    recap = read_text (text->str, TRUE, NULL);
    playbook_recap_add (recap, object);
    g_assert_cmpuint (json_array_get_length (json_object_get_array_member (object, "tasks")), ==,
                      PLAYBOOK_RECAP_TASKS);
    g_assert_cmpint (
        json_object_get_int_member (json_object_get_object_member (object, "counts"), "changed"),
        ==, PLAYBOOK_RECAP_TASKS + 7);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/playbook/results", test_results);
    g_test_add_func ("/playbook/secrets", test_secrets_are_masked_and_the_end_is_kept);
    g_test_add_func ("/playbook/rescued", test_a_failed_task_of_a_good_run_was_rescued);
    g_test_add_func ("/playbook/many", test_only_the_first_tasks_are_listed_and_all_are_counted);
    return g_test_run ();
}
