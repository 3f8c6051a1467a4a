/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "corpus.h"
#include "install/host.h"
#include "install/values-source.h"
#include "manifest/error.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    char *folder;
    Launcher *launcher;
    Host *host;
    Release release;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
    static const ReleaseValue first = { (char *)"a", NULL, NULL, FALSE };
    static const ReleaseValue second = { (char *)"b", NULL, (char *)"default", TRUE };
    g_autofree char *values = NULL;

    fixture->launcher = launcher_start (NULL);
    fixture->folder = g_dir_make_tmp ("values-XXXXXX", NULL);
    fixture->host = host_open (fixture->folder, FALSE, NULL);
    values = g_build_filename (fixture->host->etc_path, "values", NULL);
    g_assert_cmpint (g_mkdir_with_parents (values, 0700), ==, 0);
    fixture->release.product = (char *)"p";
    fixture->release.values = g_ptr_array_new ();
    g_ptr_array_add (fixture->release.values, (gpointer)&first);
    g_ptr_array_add (fixture->release.values, (gpointer)&second);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
    const char *argv[] = { "rm", "-rf", fixture->folder, NULL };

    g_assert_true (g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                                 NULL, NULL, NULL));
    g_ptr_array_unref (fixture->release.values);
    host_free (fixture->host);
    launcher_free (fixture->launcher);
    g_free (fixture->folder);
}

/* Caller frees. */
static char *
put (Fixture *fixture, const char *name, const char *bytes, gssize length, mode_t mode)
{
    char *path = g_build_filename (fixture->folder, name, NULL);

    g_assert_true (g_file_set_contents (path, bytes, length, NULL));
    g_assert_cmpint (chmod (path, mode), ==, 0);
    return path;
}

static void
give (Fixture *fixture, const char *format, const char *path)
{
    g_autofree char *file = host_values_path (fixture->host, "p");
    g_autoptr (GString) text = g_string_new (format);

    g_string_replace (text, "PATH", path, 0);
    g_assert_true (g_file_set_contents (file, text->str, -1, NULL));
    g_assert_cmpint (chmod (file, 0600), ==, 0);
}

static GPtrArray *
values_of (Fixture *fixture, GError **error)
{
    return host_values (fixture->host, &fixture->release, fixture->launcher, "COMMAND", error);
}

static void
assert_value (Fixture *fixture, const char *expected)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) values = values_of (fixture, &error);
    const HostValue *value;

    g_assert_no_error (error);
    value = values->pdata[0];
    g_assert_cmpstr (value->text, ==, expected);
    g_assert_true (value->secret);
}

static void
assert_refused (Fixture *fixture, const char *expected)
{
    g_autoptr (GError) error = NULL;

    g_assert_null (values_of (fixture, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_NOT_READY);
    if (strstr (error->message, expected) == NULL)
        g_error ("expected '%s' in '%s'", expected, error->message);
    g_assert_null (strstr (error->message, "hunter2"));
}

static gboolean
parse (GBytes *input, GError **error)
{
    g_autoptr (GPtrArray) given = values_file_parse (input, "values", error);

    return given != NULL;
}

static void
test_the_file (Fixture *fixture, gconstpointer data)
{
    corpus_walk ("values-file", parse);
}

static void
test_a_value_from_a_file (Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *bytes;
        gssize length;
        mode_t mode;
        const char *value, *why;
    } rows[] = {
        { "hunter2\n", -1, 0600, "hunter2", NULL },
        { "hunter2\r\n", -1, 0640, "hunter2", NULL },
        { "hunter2\n\n", -1, 0400, "hunter2\n", NULL },
        { "hunter2", -1, 0600, "hunter2", NULL },
        { "hunter2\n", -1, 0604, NULL, "others may read it; type: chmod go-w,o-rwx" },
        { "hunter2\n", -1, 0620, NULL, "others than root may write it" },
        { "\n", -1, 0600, NULL, "is empty" },
        { "", -1, 0600, NULL, "is empty" },
        { "hunter2\0x", 9, 0600, NULL, "is no text in UTF-8" },
        { "hunter2\xff", -1, 0600, NULL, "is no text in UTF-8" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *path =
            put (fixture, "secret", rows[i].bytes, rows[i].length, rows[i].mode);

        give (fixture, "a: {file: PATH}\n", path);
        if (rows[i].value != NULL)
            assert_value (fixture, rows[i].value);
        else
            assert_refused (fixture, rows[i].why);
        g_assert_cmpint (unlink (path), ==, 0);
    }
    give (fixture, "a: {file: PATH}\n", "/nowhere");
    assert_refused (fixture, "the value 'a' of this host: cannot open '/nowhere'");
    give (fixture, "a: {file: PATH}\n", fixture->folder);
    assert_refused (fixture, "is no regular file");
}

static void
test_a_value_that_is_too_long (Fixture *fixture, gconstpointer data)
{
    g_autofree char *text = g_strnfill (64 * 1024 + 1, 'x');
    g_autofree char *path = put (fixture, "secret", text, -1, 0600);
    g_autofree char *program = NULL;

    give (fixture, "a: {file: PATH}\n", path);
    assert_refused (fixture, "longer than 65536 bytes");
    text[64 * 1024] = '\n';
    g_free (put (fixture, "secret", text, -1, 0600));
    text[64 * 1024] = '\0';
    assert_value (fixture, text);
    program = put (fixture, "program", "#!/bin/sh\nyes hunter2 | head -c 1000000\n", -1, 0700);
    give (fixture, "a: {command: [PATH]}\n", program);
    assert_refused (fixture, "longer than 65536 bytes");
}

static void
test_a_value_from_a_program (Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *script;
        mode_t mode;
        const char *value, *why;
    } rows[] = {
        { "echo \"$1\"; echo >&2 for the terminal", 0700, "hunter2", NULL },
        { "pwd; cat", 0700, "/", NULL }, /* nothing to read */
        { "echo hunter2; exit 3", 0700, NULL, "ended with exit code 3" },
        { "echo hunter2; kill -9 $$", 0700, NULL, "ended with exit code 137" },
        { "true", 0700, NULL, "is empty" },
        { "echo hunter2", 0600, NULL, "cannot run" },
        { "echo hunter2", 0722, NULL, "others than root may write it; type: chmod go-w" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *script = g_strdup_printf ("#!/bin/sh\n%s\n", rows[i].script);
        g_autofree char *path = put (fixture, "program", script, -1, rows[i].mode);

        g_hash_table_remove_all (fixture->host->said);
        give (fixture, "a: {command: [PATH, hunter2]}\n", path);
        if (rows[i].value != NULL)
            assert_value (fixture, rows[i].value);
        else
            assert_refused (fixture, rows[i].why);
        g_assert_cmpint (unlink (path), ==, 0);
    }
    give (fixture, "a: {command: [/nowhere]}\n", "");
    assert_refused (fixture, "cannot open '/nowhere'");
}

static void
test_a_program_is_asked_once (Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = put (fixture, "program", "#!/bin/sh\necho once; rm \"$0\"\n", -1, 0700);

    give (fixture, "a: {command: [PATH]}\n", path);
    assert_value (fixture, "once");
    assert_value (fixture, "once");
}

static void
test_a_line_that_is_not_filled_in_is_missing (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GPtrArray) values = NULL;

    give (fixture, "a:\nb:\n", "");
    assert_refused (fixture, "type: COMMAND\nor add them to");
    give (fixture, "a: \"\"\nb:\n", "");
    values = values_of (fixture, NULL);
    g_assert_cmpstr (host_value_find (values, "a", 1), ==, "");
    g_assert_cmpstr (host_value_find (values, "b", 1), ==, "default");
}

static void
test_the_file_of_somebody_else_or_elsewhere (Fixture *fixture, gconstpointer data)
{
    g_autofree char *file = host_values_path (fixture->host, "p");
    g_autofree char *other = put (fixture, "other", "a: hunter2\n", -1, 0600);

    g_assert_cmpint (symlink (other, file), ==, 0);
    assert_refused (fixture, "is a symbolic link");
    g_assert_cmpint (unlink (file), ==, 0);
    g_assert_cmpint (mkfifo (file, 0600), ==, 0);
    assert_refused (fixture, "no regular file");
    g_assert_cmpint (unlink (file), ==, 0);
    if (geteuid () != 0)
        return;
    give (fixture, "a: hunter2\n", "");
    g_assert_cmpint (chown (file, 12345, 0), ==, 0);
    assert_refused (fixture, "belong to user 12345, not to root; type: chown root");
}

static void
assert_way (Fixture *fixture, const char *path, const char *why)
{
    g_hash_table_remove_all (fixture->host->said);
    give (fixture, "a: {file: PATH}\n", path);
    if (why != NULL)
        assert_refused (fixture, why);
    else
        assert_value (fixture, "hunter2");
}

static void
test_the_way_to_it_is_nobody_elses (Fixture *fixture, gconstpointer data)
{
    static const struct {
        mode_t mode;
        const char *why;
    } rows[] = {
        { 0755, NULL },
        { 02775, NULL }, /* Debian's /usr/local */
        { 01777, NULL }, /* /tmp */
        { 0777, "they may write in" },
        { 0757, "they may write in" },
    };
    g_autofree char *folder = g_build_filename (fixture->folder, "way", NULL);
    g_autofree char *deeper = g_build_filename (folder, "deeper", NULL);
    g_autofree char *program = NULL, *path = NULL, *link = NULL, *first = NULL;

    g_assert_cmpint (g_mkdir_with_parents (deeper, 0700), ==, 0);
    path = put (fixture, "way/deeper/secret", "hunter2\n", -1, 0600);
    program = put (fixture, "way/deeper/program", "#!/bin/sh\necho hunter2\n", -1, 0700);
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_assert_cmpint (chmod (folder, rows[i].mode), ==, 0);
        assert_way (fixture, path, rows[i].why);
    }
    give (fixture, "a: {command: [PATH]}\n", program);
    assert_refused (fixture, "they may write in");
    /* Good where it begins and where it ends. */
    link = g_build_filename (folder, "link", NULL);
    first = g_build_filename (fixture->folder, "first", NULL);
    g_free (path);
    path = put (fixture, "secret", "hunter2\n", -1, 0600);
    g_assert_cmpint (symlink ("../secret", link), ==, 0);
    g_assert_cmpint (symlink ("way/link", first), ==, 0);
    assert_way (fixture, path, NULL);
    assert_way (fixture, link, "they may write in");
    assert_way (fixture, first, "they may write in");
    g_assert_cmpint (chmod (folder, 0755), ==, 0);
    assert_way (fixture, first, NULL);
    if (geteuid () != 0)
        return;
    g_assert_cmpint (lchown (link, 12345, 12345), ==, 0);
    assert_way (fixture, first, NULL);
    g_assert_cmpint (chmod (folder, 01777), ==, 0);
    assert_way (fixture, first, "they may write in");
    g_assert_cmpint (chmod (folder, 0755), ==, 0);
    g_assert_cmpint (chown (folder, 12345, 12345), ==, 0);
    assert_way (fixture, first, "others than root may change what");
}

int
main (int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*func) (Fixture *, gconstpointer);
    } tests[] = {
        { "/values/file", test_the_file },
        { "/values/from-file", test_a_value_from_a_file },
        { "/values/too-long", test_a_value_that_is_too_long },
        { "/values/from-program", test_a_value_from_a_program },
        { "/values/asked-once", test_a_program_is_asked_once },
        { "/values/not-filled-in", test_a_line_that_is_not_filled_in_is_missing },
        { "/values/owner", test_the_file_of_somebody_else_or_elsewhere },
        { "/values/way", test_the_way_to_it_is_nobody_elses },
    };

    g_test_init (&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
        g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].func, tear_down);
    return g_test_run ();
}
