/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "corpus.h"
#include "install/host.h"
#include "install/template.h"
#include "install/version.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <string.h>
#include <sys/stat.h>

typedef struct {
    char *root;
    Release release;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
    static const ReleaseValue name = { (char *)"public_name", (char *)"what is typed", NULL,
                                       FALSE };
    static const ReleaseValue port = { (char *)"http_port", NULL, (char *)"8080", FALSE };
    static const ReleaseValue secret = { (char *)"db_password", NULL, NULL, TRUE };

    fixture->root = g_dir_make_tmp ("host-XXXXXX", NULL);
    fixture->release.product = g_strdup ("plant-hmi");
    fixture->release.values = g_ptr_array_new ();
    g_ptr_array_add (fixture->release.values, (gpointer)&name);
    g_ptr_array_add (fixture->release.values, (gpointer)&port);
    g_ptr_array_add (fixture->release.values, (gpointer)&secret);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
    g_autofree char *command = g_strdup_printf ("rm -rf %s", fixture->root);

    g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL));
    g_ptr_array_unref (fixture->release.values);
    g_free (fixture->release.product);
    g_free (fixture->root);
}

static void
write_etc (Fixture *fixture, const char *name, const char *text, mode_t mode)
{
    g_autofree char *path = g_build_filename (fixture->root, "etc/handcarry", name, NULL);
    g_autofree char *dir = g_path_get_dirname (path);

    g_assert_cmpint (g_mkdir_with_parents (dir, 0755), ==, 0);
    g_assert_true (g_file_set_contents (path, text, -1, NULL));
    g_assert_cmpint (chmod (path, mode), ==, 0);
}

/* trust.md 110 */
static void
test_110_the_second_run_is_told_at_once (Fixture *fixture, gconstpointer data)
{
    g_autoptr (Host) first = host_open (fixture->root, TRUE, NULL);
    g_autoptr (Host) second = host_open (fixture->root, TRUE, NULL);
    g_autoptr (GError) error = NULL;

    g_assert_true (host_lock (first, NULL));
    g_assert_false (host_lock (second, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_BUSY);
    g_clear_pointer (&first, host_free);
    g_assert_true (host_lock (second, NULL));
}

static void
test_missing_values_come_with_the_lines_to_add (Fixture *fixture, gconstpointer data)
{
    g_autoptr (Host) host = host_open (fixture->root, FALSE, NULL);
    g_autoptr (GError) error = NULL;

    g_assert_null (host_values (host, &fixture->release, NULL, "COMMAND", &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_NOT_READY);
    g_assert_nonnull (strstr (error->message, "\n  public_name:   # what is typed"));
    g_assert_nonnull (strstr (error->message, "\n  db_password:"));
    g_assert_null (strstr (error->message, "http_port"));
}

static void
test_values_come_from_the_host_else_from_the_default (Fixture *fixture, gconstpointer data)
{
    g_autoptr (Host) host = host_open (fixture->root, FALSE, NULL);
    g_autoptr (GPtrArray) values = NULL;
    g_autoptr (GError) error = NULL;

    write_etc (fixture, "values/plant-hmi.yaml",
               "public_name: hmi-1\ndb_password: \"a{{b\"\nother: x\n", 0600);
    values = host_values (host, &fixture->release, NULL, "COMMAND", &error);
    g_assert_no_error (error);
    g_assert_cmpstr (host_value_find (values, "public_name", 11), ==, "hmi-1");
    g_assert_cmpstr (host_value_find (values, "http_port", 9), ==, "8080");
    g_assert_cmpstr (host_value_find (values, "db_password", 11), ==, "a{{b");
    g_assert_null (host_value_find (values, "other", 5));
}

static void
test_values_that_others_may_read_are_refused (Fixture *fixture, gconstpointer data)
{
    g_autoptr (Host) host = host_open (fixture->root, FALSE, NULL);
    g_autoptr (GError) error = NULL;

    write_etc (fixture, "values/plant-hmi.yaml", "public_name: x\ndb_password: y\n", 0644);
    g_assert_null (host_values (host, &fixture->release, NULL, "COMMAND", &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_NOT_READY);
    g_assert_nonnull (strstr (error->message, "chmod 600"));
}

/* trust.md 33 */
static void
test_033_a_release_for_another_site_is_refused (Fixture *fixture, gconstpointer data)
{
    char *sites[] = { (char *)"plant-a", (char *)"plant-b", NULL };
    g_autoptr (Host) nowhere = host_open (fixture->root, FALSE, NULL);
    g_autoptr (Host) here = NULL;
    g_autoptr (GError) error = NULL;

    fixture->release.sites = sites;
    g_assert_false (host_check_target (nowhere, &fixture->release, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_POLICY);
    write_etc (fixture, "host.yaml", "site: plant-b\nname: hmi-3\n", 0644);
    here = host_open (fixture->root, FALSE, NULL);
    g_assert_true (host_check_target (here, &fixture->release, NULL));
}

static gboolean
fill (GBytes *input, GError **error)
{
    HostValue name = { (char *)"name", (char *)"VALUE", FALSE };
    g_autoptr (GPtrArray) values = g_ptr_array_new ();
    g_autoptr (GBytes) filled = NULL;

    g_ptr_array_add (values, &name);
    filled = template_fill (input, values, "config", error);
    return filled != NULL;
}

static void
test_templates (Fixture *fixture, gconstpointer data)
{
    corpus_walk ("template", fill);
}

static void
test_a_template_gets_its_values (Fixture *fixture, gconstpointer data)
{
    const char *text = "a={{ name }};{{name}}}}\n";
    HostValue name = { (char *)"name", (char *)"{{ name }}", FALSE };
    g_autoptr (GPtrArray) values = g_ptr_array_new ();
    g_autoptr (GBytes) input = g_bytes_new_static (text, strlen (text));
    g_autoptr (GBytes) filled = NULL;

    g_ptr_array_add (values, &name);
    filled = template_fill (input, values, "config", NULL);
    /* Once only: what a value holds is no template. */
    g_assert_cmpmem (g_bytes_get_data (filled, NULL), g_bytes_get_size (filled),
                     "a={{ name }};{{ name }}}}\n", 26);
}

static void
test_versions_are_compared_by_number (Fixture *fixture, gconstpointer data)
{
    g_assert_cmpint (version_compare ("20.10.24+dfsg1", "20.10"), >, 0);
    g_assert_cmpint (version_compare ("2.14.18", "2.9"), >, 0);
    g_assert_cmpint (version_compare ("2.9", "2.14"), <, 0);
    g_assert_cmpint (version_compare ("1.0", "1"), ==, 0);
    g_assert_cmpint (version_compare ("0.1.0", "1.0"), <, 0);
    g_assert_cmpint (version_compare ("26.1.5+dfsg1", "26.1.5"), ==, 0);
    g_assert_cmpint (version_compare ("", "1"), <, 0);
}

int
main (int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*func) (Fixture *, gconstpointer);
    } tests[] = {
        { "/host/110-second-run", test_110_the_second_run_is_told_at_once },
        { "/host/values-missing", test_missing_values_come_with_the_lines_to_add },
        { "/host/values", test_values_come_from_the_host_else_from_the_default },
        { "/host/values-mode", test_values_that_others_may_read_are_refused },
        { "/host/033-site", test_033_a_release_for_another_site_is_refused },
        { "/host/templates", test_templates },
        { "/host/template-values", test_a_template_gets_its_values },
        { "/host/versions", test_versions_are_compared_by_number },
    };

    g_test_init (&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
        g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].func, tear_down);
    return g_test_run ();
}
