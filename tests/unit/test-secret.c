/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/password.h"
#include "keys/secret.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "tests/unit/corpus.h"

#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

/* The password of the keys in tests/data/secret-key that have one. */
#define PASSWORD "correct horse"

static GBytes *
read_data (const char *name)
{
    g_autofree char *path = g_build_filename (TEST_DATA, "secret-key", name, NULL);
    g_autoptr (GError) error = NULL;
    GBytes *bytes = file_read_given (path, 1 << 20, &error);

    g_assert_no_error (error);
    return bytes;
}

static char *
give (const char *prompt, gpointer data, GError **error)
{
    char *text = sodium_malloc (64);

    g_assert_nonnull (strstr (prompt, "Password for"));
    g_strlcpy (text, data, 64);
    return text;
}

static gboolean
parse (GBytes *text, GError **error)
{
    gsize length;
    const char *data = g_bytes_get_data (text, &length);
    g_autoptr (SecretKey) key =
        secret_key_parse (data != NULL ? data : "", length, "input", give, PASSWORD, error);

    return key != NULL;
}

static void
test_026_secret_key_cases (void)
{
    corpus_walk ("secret-key", parse);
}

static void
test_wrong_password_is_refused (void)
{
    g_autoptr (GBytes) text = read_data ("ok-minisign-password.key");
    g_autoptr (GError) error = NULL;

    g_assert_null (secret_key_parse (g_bytes_get_data (text, NULL), g_bytes_get_size (text),
                                     "a.key", give, "wrong horse", &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_TRUST);
    g_assert_cmpstr (error->message, ==, "wrong password for secret key 'a.key'");
}

static void
test_plain_key_is_written_as_read (void)
{
    g_autoptr (GBytes) text = read_data ("ok-minisign-plain.key");
    g_autoptr (GError) error = NULL;
    g_autoptr (SecretKey) key = secret_key_parse (
        g_bytes_get_data (text, NULL), g_bytes_get_size (text), "plain", give, PASSWORD, &error);
    g_autoptr (GBytes) written = secret_key_write (key, NULL, NULL, &error);

    g_assert_no_error (error);
    g_assert_true (g_bytes_equal (text, written));
}

static void
test_password_key_comes_back (void)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (SecretKey) key = secret_key_generate (&error);
    guint64 memory = 0;
    g_autoptr (GBytes) text = secret_key_write (key, PASSWORD, &memory, &error);
    g_autoptr (SecretKey) again = secret_key_parse (
        g_bytes_get_data (text, NULL), g_bytes_get_size (text), "written", give, PASSWORD, &error);
    PublicKey before, after;

    g_assert_no_error (error);
    secret_key_get_public (key, &before);
    secret_key_get_public (again, &after);
    g_assert_true (public_key_equal (&before, &after));
    g_assert_cmpuint (memory, >=, 64u * 1024 * 1024);
}

static void
test_026_open_file_is_noticed (void)
{
    g_autoptr (GBytes) text = read_data ("ok-minisign-plain.key");
    g_autofree char *dir = g_dir_make_tmp ("keys-XXXXXX", NULL);
    g_autofree char *path = g_build_filename (dir, "a.key", NULL);
    g_autoptr (SecretKey) open_key = NULL, closed_key = NULL;

    g_assert_true (g_file_set_contents (path, g_bytes_get_data (text, NULL),
                                        (gssize)g_bytes_get_size (text), NULL));
    g_assert_cmpint (g_chmod (path, 0644), ==, 0);
    open_key = secret_key_load (path, NULL);
    g_assert_true (secret_key_is_exposed (open_key));
    g_assert_cmpint (g_chmod (path, 0600), ==, 0);
    closed_key = secret_key_load (path, NULL);
    g_assert_false (secret_key_is_exposed (closed_key));
    g_unlink (path);
    g_rmdir (dir);
}

static void
test_password_file_gives_its_first_line (void)
{
    static const struct {
        const char *content, *password;
    } cases[] = {
        { "secret", "secret" },
        { "secret\n", "secret" },
        { "secret\r\nmore\n", "secret" },
        { " with space \n", " with space " },
    };
    g_autofree char *dir = g_dir_make_tmp ("keys-XXXXXX", NULL);
    g_autofree char *path = g_build_filename (dir, "password", NULL);

    g_setenv ("HANDCARRY_PASSWORD_FILE", path, TRUE);
    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autoptr (GError) error = NULL;
        char *text;

        g_assert_true (g_file_set_contents (path, cases[i].content, -1, NULL));
        text = password_read_new ("a key", &error);
        g_assert_no_error (error);
        g_assert_cmpstr (text, ==, cases[i].password);
        sodium_free (text);
    }
    g_unlink (path);
    g_rmdir (dir);
}

static void
test_empty_or_endless_password_is_refused (void)
{
    g_autofree char *dir = g_dir_make_tmp ("keys-XXXXXX", NULL);
    g_autofree char *path = g_build_filename (dir, "password", NULL);
    g_autofree char *endless = g_strnfill (5000, 'a');
    const struct {
        const char *content;
        int code;
    } bad[] = { { "", ERR_USAGE }, { "\n", ERR_USAGE }, { endless, ERR_FORMAT } };

    g_setenv ("HANDCARRY_PASSWORD_FILE", path, TRUE);
    for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
        g_autoptr (GError) error = NULL;

        g_assert_true (g_file_set_contents (path, bad[i].content, -1, NULL));
        g_assert_null (password_read_new ("a key", &error));
        g_assert_error (error, HANDCARRY_ERROR, bad[i].code);
    }
    g_unlink (path);
    g_rmdir (dir);
}

/* Writes in pieces, so that one read does not get all of it. */
static gpointer
dribble (gpointer data)
{
    int fd = GPOINTER_TO_INT (data);

    for (const char *at = "se cret\nmore"; *at != '\0'; at++) {
        g_assert_cmpint (write (fd, at, 1), ==, 1);
        g_usleep (1000);
    }
    close (fd);
    return NULL;
}

static void
test_password_comes_through_a_pipe_in_pieces (void)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *path = NULL;
    GThread *writer;
    int fds[2];
    char *text;

    g_assert_cmpint (pipe (fds), ==, 0);
    path = g_strdup_printf ("/dev/fd/%d", fds[0]);
    g_setenv ("HANDCARRY_PASSWORD_FILE", path, TRUE);
    writer = g_thread_new ("dribble", dribble, GINT_TO_POINTER (fds[1]));
    text = password_read_new ("a key", &error);
    g_assert_no_error (error);
    g_assert_cmpstr (text, ==, "se cret");
    g_assert_null (password_judge_file ());
    sodium_free (text);
    g_thread_join (writer);
    close (fds[0]);
}

static void
test_026_open_password_file_is_noticed (void)
{
    g_autofree char *dir = g_dir_make_tmp ("keys-XXXXXX", NULL);
    g_autofree char *path = g_build_filename (dir, "password", NULL);
    g_autofree char *none = NULL, *said = NULL;

    g_setenv ("HANDCARRY_PASSWORD_FILE", path, TRUE);
    g_assert_true (g_file_set_contents_full (path, "a", -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    none = password_judge_file ();
    g_assert_null (none);
    g_assert_cmpint (g_chmod (path, 0640), ==, 0);
    said = password_judge_file ();
    g_assert_nonnull (strstr (said, path));
    g_unlink (path);
    g_rmdir (dir);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/secret/026-cases", test_026_secret_key_cases);
    g_test_add_func ("/secret/wrong-password", test_wrong_password_is_refused);
    g_test_add_func ("/secret/plain-key-is-written-as-read", test_plain_key_is_written_as_read);
    g_test_add_func ("/secret/password-key-comes-back", test_password_key_comes_back);
    g_test_add_func ("/secret/026-open-file-is-noticed", test_026_open_file_is_noticed);
    g_test_add_func ("/secret/password-file", test_password_file_gives_its_first_line);
    g_test_add_func ("/secret/empty-password", test_empty_or_endless_password_is_refused);
    g_test_add_func ("/secret/password-pipe", test_password_comes_through_a_pipe_in_pieces);
    g_test_add_func ("/secret/026-open-password-file", test_026_open_password_file_is_noticed);
    return g_test_run ();
}
