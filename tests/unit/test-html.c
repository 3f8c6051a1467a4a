/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/html.h"
#include "bundle/qr.h"
#include "manifest/error.h"

#include <string.h>

static char *
page_of (Html *html)
{
    g_autoptr (GBytes) page = html_finish (html);

    return g_strndup (g_bytes_get_data (page, NULL), g_bytes_get_size (page));
}

static char *
text_of (const char *text, gboolean lines)
{
    g_autoptr (Html) html = html_new ();
    g_autofree char *page = NULL;

    if (lines)
        html_lines (html, text);
    else
        html_text (html, text);
    page = page_of (html);
    return g_strndup (page + strlen ("<!DOCTYPE html>\n"),
                      strlen (page) - strlen ("<!DOCTYPE html>\n") - 1);
}

static void
test_texts_are_inert (void)
{
    static const char *const rows[][2] = {
        { "", "" },
        { "a<b>&\"'", "a&lt;b&gt;&amp;&quot;&#39;" },
        { "&lt;", "&amp;lt;" },
        { "\x1b[2J\x7f\a", "\\x1b[2J\\x7f\\x07" },
        { "two\nlines\tand a tab\r", "two\\x0alines\\x09and a tab\\x0d" },
        { "\xff\xc3", "\\xff\\xc3" },
        { "\xc0\xbcscript>", "\\xc0\\xbcscript&gt;" },
        { "\u202etxt.exe\u2066\u200f\u061c", "\\u{202e}txt.exe\\u{2066}\\u{200f}\\u{61c}" },
        { "a\u200bb\ufeffc\u2028e\xc2\x85", "a\\u{200b}b\\u{feff}c\\u{2028}e\\u{85}" },
        { "\xc2\xad", "\\u{ad}" },
        { "a  b\xc2\xa0\u3000", "a  b\\u{a0}\\u{3000}" },
        { "a\U000e0041\ue000\ufe0f", "a\\u{e0041}\\u{e000}\\u{fe0f}" },
        { "Ü 本 → ≥ é", "Ü 本 → ≥ é" },
        { "e\u0301\u0301\u0301\u0301\u0301x\u0301", "e\u0301\u0301\u0301\\u{301}\\u{301}x\u0301" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree char *found = text_of (rows[i][0], FALSE);

        g_assert_cmpstr (found, ==, rows[i][1]);
    }
}

/* Whatever comes: no markup, nothing that is not seen, and no byte is lost without a trace. */
static void
test_any_bytes_are_inert (void)
{
    static const char *const pieces[] = { "<",    "\"",           "'",
                                          "&",    "\xe2\x80\xae", "\xf0\x9f",
                                          "\n",   "\xcc\x81",     "\xed\xa0\x80",
                                          "\xc0", "script",       ">" };
    g_autoptr (GRand) rand = g_rand_new_with_seed (7);

    for (guint i = 0; i < 2000; i++) {
        g_autoptr (GString) text = g_string_new (NULL);
        g_autofree char *found = NULL;

        for (guint k = 0; k < 12; k++)
            if (g_rand_boolean (rand))
                g_string_append (text, pieces[g_rand_int_range (rand, 0, G_N_ELEMENTS (pieces))]);
            else
                g_string_append_c (text, (char)g_rand_int_range (rand, 1, 256));
        found = text_of (text->str, FALSE);
        g_assert_true (g_utf8_validate (found, -1, NULL));
        g_assert_null (strpbrk (found, "<>\"'"));
        for (const char *at = found; *at != '\0'; at = g_utf8_next_char (at))
            g_assert_true (g_unichar_isprint (g_utf8_get_char (at)));
        g_assert_cmpuint (strlen (found), >=, text->len);
    }
}

static void
test_lines_keep_breaks_and_tabs (void)
{
    g_autofree char *found = text_of ("a\n\tb\r\n<", TRUE);

    g_assert_cmpstr (found, ==, "a\n\tb\\x0d\n&lt;");
}

static void
test_attributes_are_escaped_and_may_be_left_out (void)
{
    g_autoptr (Html) html = html_new ();
    g_autofree char *page = NULL;

    html_open (html, "p", "class", NULL, "title", "\" onload=\"x", NULL);
    html_elementf (html, "code", "a'b", "%d<%s", 1, "2\n");
    html_close (html, "p");
    html_void (html, "meta", "name", "a", NULL);
    page = page_of (html);
    g_assert_cmpstr (page, ==,
                     "<!DOCTYPE html>\n<p title=\"&quot; onload=&quot;x\">"
                     "<code class=\"a&#39;b\">1&lt;2\\x0a</code></p>\n<meta name=\"a\">\n\n");
}

static void
test_elements_close_in_order (void)
{
    if (g_test_subprocess ()) {
        g_autoptr (Html) html = html_new ();

        html_open (html, "p", NULL);
        html_open (html, "code", NULL);
        html_close (html, "p");
        return;
    }
    g_test_trap_subprocess (NULL, 0, 0);
    g_test_trap_assert_failed ();
}

/* Three corners have the pattern that cameras look for; the path is the same each time. */
static void
test_codes_are_codes (void)
{
    guint modules = 0, again = 0;
    g_autofree char *path = qr_path ("sha256:00", &modules, NULL);
    g_autofree char *second = qr_path ("sha256:00", &again, NULL);
    g_autofree char *right = g_strdup_printf ("M%u 0h7v1h-7z", modules - 7);
    g_autofree char *below = g_strdup_printf ("M0 %uh7v1h-7z", modules - 7);

    g_assert_cmpuint (modules, ==, 21);
    g_assert_cmpstr (path, ==, second);
    g_assert_true (g_str_has_prefix (path, "M0 0h7v1h-7z"));
    g_assert_nonnull (strstr (path, right));
    g_assert_nonnull (strstr (path, below));
}

static void
test_text_too_long_for_a_code_is_an_error (void)
{
    g_autofree char *text = g_strnfill (5000, 'a');
    g_autoptr (GError) error = NULL;
    guint modules;

    g_assert_null (qr_path (text, &modules, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_FAILED);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/html/texts-are-inert", test_texts_are_inert);
    g_test_add_func ("/html/any-bytes-are-inert", test_any_bytes_are_inert);
    g_test_add_func ("/html/lines-keep-breaks-and-tabs", test_lines_keep_breaks_and_tabs);
    g_test_add_func ("/html/attributes", test_attributes_are_escaped_and_may_be_left_out);
    g_test_add_func ("/html/elements-close-in-order", test_elements_close_in_order);
    g_test_add_func ("/qr/codes-are-codes", test_codes_are_codes);
    g_test_add_func ("/qr/too-long", test_text_too_long_for_a_code_is_an_error);
    return g_test_run ();
}
