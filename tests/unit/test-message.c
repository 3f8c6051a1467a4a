/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/catalogue.h"
#include "manifest/error.h"
#include "manifest/message.h"

#include <errno.h>
#include <string.h>

/* What the catalogue of these tests says; in order, as msgfmt sorts. */
static const char *const pairs[][2] = {
    { "%-6s|", "%-6s|" },
    { "%s has %u", "%2$u개: %1$s" },
    { "Permission denied", "권한이 없습니다" },
    { "a %s", "%s %s 하나" },
    { "cannot open '%s'", "'%s'을(를) 열 수 없습니다" },
    { "engine", "엔진" },
    { "give %d of %s at %5.1f", "%3$.2f 에서 %2$s %1$d" },
    { "layer %u", "계층 %u" },
    { "number %u", "번호 %s" },
    { "plain", "그대로 %n" },
};

static void
put (GByteArray *out, guint32 number)
{
    guint32 little = GUINT32_TO_LE (number);

    g_byte_array_append (out, (const guint8 *)&little, sizeof little);
}

static Catalogue *
make_catalogue (void)
{
    guint32 n = G_N_ELEMENTS (pairs), at = 20 + 16 * n;
    GByteArray *out = g_byte_array_new ();
    g_autoptr (GBytes) bytes = NULL;
    g_autoptr (GError) error = NULL;
    Catalogue *catalogue;

    put (out, 0x950412de);
    put (out, 0);
    put (out, n);
    put (out, 20);
    put (out, 20 + 8 * n);
    for (guint which = 0; which < 2; which++)
        for (guint i = 0; i < n; i++) {
            put (out, (guint32)strlen (pairs[i][which]));
            put (out, at);
            at += (guint32)strlen (pairs[i][which]) + 1;
        }
    for (guint which = 0; which < 2; which++)
        for (guint i = 0; i < n; i++)
            g_byte_array_append (out, (const guint8 *)pairs[i][which],
                                 (guint)strlen (pairs[i][which]) + 1);
    bytes = g_byte_array_free_to_bytes (out);
    catalogue = catalogue_new (bytes, &error);
    g_assert_no_error (error);
    return catalogue;
}

#define assert_shown(expected, ...)                                                                \
    do {                                                                                           \
        g_autofree char *shown_ = message_show (__VA_ARGS__);                                      \
        g_assert_cmpstr (shown_, ==, expected);                                                    \
    } while (0)

static void
test_a_translation_takes_arguments_in_its_own_order (void)
{
    assert_shown ("7개: web", "%s has %u", "web", 7U);
    assert_shown ("0.25 에서 x -3", "give %d of %s at %5.1f", -3, "x", 0.25);
}

static void
test_a_translation_that_asks_for_what_is_not_given_is_not_used (void)
{
    assert_shown ("a x", "a %s", "x");
    assert_shown ("number 5", "number %u", 5U);
    assert_shown ("plain", "plain");
}

static void
test_words_of_the_program_are_translated_and_data_is_not (void)
{
    g_autofree char *data = g_strdup ("engine");

    assert_shown ("이것: 엔진", "이것: %s", "engine");
    assert_shown ("이것: engine", "이것: %s", data);
    assert_shown ("host's 'run: engine'", "host's 'run: %s'", "engine");
    assert_shown ("it's 엔진", "it's %s", "engine");
}

static void
test_a_width_is_of_columns (void)
{
    assert_shown ("엔진  |", "%-6s|", "engine");
    assert_shown ("  엔진", "%6s", "engine");
    assert_shown ("엔진  ", "%-*s", 6, "engine");
    g_assert_cmpuint (message_columns ("엔진 x"), ==, 6);
}

static void
test_a_message_is_english_and_remembers_its_translation (void)
{
    g_autofree char *layer = message_printf ("layer %u", 3U);
    g_autoptr (GError) error = NULL;
    g_autofree char *shown = NULL;

    g_assert_cmpstr (layer, ==, "layer 3");
    fail_errno (&error, ERR_FAILED, EACCES, "cannot open '%s'", "a/b");
    fail_prefix (&error, "%s", layer);
    g_assert_cmpstr (error->message, ==, "layer 3: cannot open 'a/b': Permission denied");
    shown = message_shown (error->message);
    g_assert_cmpstr (shown, ==, "계층 3: 'a/b'을(를) 열 수 없습니다: 권한이 없습니다");
}

static void
test_messages_are_appended (void)
{
    g_autoptr (GString) text = g_string_new (NULL);
    g_autofree char *shown = NULL;

    message_append (text, "layer %u", 1U);
    message_append (text, ", %s", "engine");
    g_assert_cmpstr (text->str, ==, "layer 1, engine");
    shown = message_shown (text->str);
    g_assert_cmpstr (shown, ==, "계층 1, 엔진");
}

static void
test_another_process_speaks_for_itself_alone (void)
{
    static const char good[] = "frame 9 is bad\0프레임 9", word[] = "engine\0속임",
                      known[] = "layer 4\0속임", steers[] = "x\033\0y\033[2J";
    g_autofree char *layer = message_printf ("layer %u", 4U), *shown = NULL;
    g_autofree char *one = message_unpack (good, sizeof good - 1);
    g_autofree char *two = message_unpack (word, sizeof word - 1);
    g_autofree char *three = message_unpack (known, sizeof known - 1);
    g_autofree char *four = message_unpack (steers, sizeof steers - 1);
    g_autofree char *english = message_unpack ("no translation", 5);

    g_assert_cmpstr (one, ==, "frame 9 is bad");
    assert_shown ("프레임 9", "%s", one);
    assert_shown ("engine", "%s", two);
    assert_shown ("계층 4", "%s", three);
    g_assert_cmpstr (four, ==, "x\\x1b");
    assert_shown ("y\\x1b[2J", "%s", four);
    g_assert_cmpstr (english, ==, "no tr");
}

static void
test_without_a_catalogue_all_is_english (void)
{
    message_use (NULL);
    assert_shown ("web has 7", "%s has %u", "web", 7U);
    assert_shown ("engine|", "%-6s|", "engine");
}

int
main (int argc, char **argv)
{
    g_autoptr (Catalogue) catalogue = make_catalogue ();

    g_test_init (&argc, &argv, NULL);
    message_use (catalogue);
    g_test_add_func ("/message/order", test_a_translation_takes_arguments_in_its_own_order);
    g_test_add_func ("/message/arguments",
                     test_a_translation_that_asks_for_what_is_not_given_is_not_used);
    g_test_add_func ("/message/words", test_words_of_the_program_are_translated_and_data_is_not);
    g_test_add_func ("/message/columns", test_a_width_is_of_columns);
    g_test_add_func ("/message/english", test_a_message_is_english_and_remembers_its_translation);
    g_test_add_func ("/message/append", test_messages_are_appended);
    g_test_add_func ("/message/unpack", test_another_process_speaks_for_itself_alone);
    g_test_add_func ("/message/without", test_without_a_catalogue_all_is_english);
    return g_test_run ();
}
