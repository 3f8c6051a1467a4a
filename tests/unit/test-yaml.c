/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/error.h"
#include "manifest/limits.h"
#include "manifest/yaml.h"
#include "tests/unit/corpus.h"

#include <string.h>

static gboolean
take (GBytes *bytes, GError **error)
{
    g_autoptr (YamlNode) node = yaml_parse (bytes, "t", error);

    return node != NULL;
}

static void
test_files_of_good_and_bad_texts (void)
{
    corpus_walk ("yaml", take);
}

static YamlNode *
parse (const char *text)
{
    g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
    g_autoptr (GError) error = NULL;
    YamlNode *node = yaml_parse (bytes, "t", &error);

    g_assert_no_error (error);
    return node;
}

static const YamlNode *
value (const YamlNode *map, const char *key)
{
    for (guint i = 0; i < map->keys->len; i++)
        if (strcmp (((YamlNode *)map->keys->pdata[i])->text, key) == 0)
            return map->values->pdata[i];
    g_error ("no key %s", key);
}

static void
test_values_and_their_places (void)
{
    g_autoptr (YamlNode) map = parse ("a: 1\nb:\n  - x\n  - {y: \"~\", z: ~}\n");
    const YamlNode *list = value (map, "b");
    const YamlNode *inner = list->values->pdata[1];

    g_assert_cmpint (map->kind, ==, YAML_NODE_MAP);
    g_assert_cmpstr (value (map, "a")->text, ==, "1");
    g_assert_cmpint (list->kind, ==, YAML_NODE_LIST);
    g_assert_cmpuint (list->values->len, ==, 2);
    g_assert_cmpuint (inner->line, ==, 4);
    g_assert_cmpuint (inner->column, ==, 5);
    g_assert_false (value (inner, "y")->plain);
    g_assert_true (value (inner, "z")->plain);
}

/* libyaml alone takes 7 to 30 seconds for such a text; refused at its first levels it takes a
 * millisecond. The limit lies between, where no busy machine or sanitizer reaches it. */
#define LIMIT_SECONDS 3

static double
seconds_to_refuse (const char *unit, gsize times, const char *expected)
{
    g_autoptr (GString) text = g_string_new (NULL);
    g_autoptr (GBytes) bytes = NULL;
    g_autoptr (GError) error = NULL;
    gint64 before;

    for (gsize i = 0; i < times; i++)
        g_string_append (text, unit);
    bytes = g_bytes_new (text->str, text->len);
    before = g_get_monotonic_time ();
    g_assert_null (yaml_parse (bytes, "t", &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_FORMAT);
    if (strstr (error->message, expected) == NULL)
        g_error ("message is '%s'", error->message);
    return (double)(g_get_monotonic_time () - before) / G_USEC_PER_SEC;
}

/* The best of five, since the machine may be busy with other things. */
static void
test_070_depth_bombs_are_refused_at_once (void)
{
    static const char *const units[] = { "[", "{", "[{", "{a: ", "[\n", "- ", "? ", "[? ", "- [" };

    for (gsize i = 0; i < G_N_ELEMENTS (units); i++) {
        double best = G_MAXDOUBLE;

        for (int round = 0; round < 5; round++)
            best = MIN (best, seconds_to_refuse (units[i], 80000, ""));
        g_test_message ("'%s' x 80000: %.1f ms", units[i], best * 1000);
        g_assert_cmpfloat (best, <, LIMIT_SECONDS);
    }
}

static void
test_071_size_is_capped_before_anything_is_read (void)
{
    g_assert_cmpfloat (seconds_to_refuse ("a", LIMIT_YAML_BYTES + 1, "at most 1048576 fit"), <,
                       0.5);
}

static void
take_in_time (const char *unit, const char *before, const char *after)
{
    g_autoptr (GString) text = g_string_new (before);
    g_autoptr (GBytes) bytes = NULL;
    g_autoptr (YamlNode) node = NULL;
    gint64 start = g_get_monotonic_time ();

    while (text->len + strlen (unit) + strlen (after) <= LIMIT_YAML_BYTES)
        g_string_append (text, unit);
    g_string_append (text, after);
    bytes = g_bytes_new (text->str, text->len);
    node = yaml_parse (bytes, "t", NULL);
    g_test_message ("'%s': %s, %.0f ms", unit, node != NULL ? "taken" : "refused",
                    (double)(g_get_monotonic_time () - start) / 1000);
    g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_USEC_PER_SEC);
}

/* Whatever fits the size limit takes a time that grows with it, not with its square. */
static void
test_071_a_full_megabyte_takes_seconds_at_most (void)
{
    take_in_time ("x", "a: ", "\n");
    take_in_time ("a,", "[", "]\n");
    take_in_time ("[],", "[", "]\n");
    take_in_time ("- a\n", "", "");
    take_in_time ("\n", "a: ", "b");
    take_in_time (" ", "a: ", "b");
    take_in_time ("#", "a: b\n", "\n");
    take_in_time ("\"\":", "{", "}");
    take_in_time ("? ", "{", "}");
    take_in_time ("''", "a: '", "'\n");
    take_in_time ("\\n", "a: \"", "\"\n");
    take_in_time ("ä ", "[", "]");
    take_in_time (" b\n", "a: |\n", "");
    take_in_time ("%", "", "");
    take_in_time ("!", "a: ", "\n");
    take_in_time ("[a]: ", "{", "}");
}

static void
write_sample (YamlWriter *writer)
{
    yaml_writer_key (writer, "name");
    yaml_writer_text (writer, "x: \"y\"\n\tz");
    yaml_writer_key (writer, "images");
    yaml_writer_begin_list (writer);
    yaml_writer_begin_map (writer);
    yaml_writer_key (writer, "digest");
    yaml_writer_text (writer, "sha256:ab");
    yaml_writer_key (writer, "sizes");
    yaml_writer_begin_list (writer);
    yaml_writer_number (writer, G_MAXUINT64);
    yaml_writer_end_list (writer);
    yaml_writer_key (writer, "none");
    yaml_writer_begin_list (writer);
    yaml_writer_end_list (writer);
    yaml_writer_end_map (writer);
    yaml_writer_end_list (writer);
    yaml_writer_key (writer, "tree");
    yaml_writer_begin_map (writer);
    yaml_writer_key (writer, "files");
    yaml_writer_number (writer, 0);
    yaml_writer_end_map (writer);
}

static void
test_written_text_is_exact (void)
{
    YamlWriter *writer = yaml_writer_new ("handcarry-test: 1");
    g_autoptr (GBytes) bytes = NULL;
    g_autofree char *text = NULL;

    write_sample (writer);
    bytes = yaml_writer_finish (writer);
    text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
    g_assert_cmpstr (text, ==,
                     "handcarry-test: 1\n"
                     "name: \"x: \\\"y\\\"\\n\\tz\"\n"
                     "images:\n"
                     "  - digest: sha256:ab\n"
                     "    sizes:\n"
                     "      - 18446744073709551615\n"
                     "    none: []\n"
                     "tree:\n"
                     "  files: 0\n");
}

/* A writer that left one of these plain would change it for some reader. */
static void
test_073_written_strings_come_back_as_they_were (void)
{
    static const char *const strings[] = {
        "",     "no",   "No",      "~",   "null", "0x10", "1_000", "1e3",    "010",
        ".inf", "1.10", "42",      "-",   "- a",  "a: b", "a:",    "a #b",   "#a",
        "[a]",  "{a}",  "&a",      "*a",  "!a",   "|",    ">",     "'a'",    "\"a\"",
        "%a",   "@a",   "`a",      "a\\", "\\n",  " a",   "a ",    "a\nb\n", "größe",
        "=",    "<<",   "a/b:1.0", "/x",  "a\tb", "?",    "? a",   ":",      "漢字 🙂",
        "---",  "...",  "12:30",   "y",   "true", "a,b",  "a]",    "a}",     "2026-01-01",
    };

    for (gsize i = 0; i < G_N_ELEMENTS (strings); i++) {
        YamlWriter *writer = yaml_writer_new ("handcarry-test: 1");
        g_autoptr (GBytes) bytes = NULL;
        g_autoptr (YamlNode) node = NULL;
        g_autoptr (GError) error = NULL;

        yaml_writer_key (writer, "v");
        yaml_writer_text (writer, strings[i]);
        bytes = yaml_writer_finish (writer);
        node = yaml_parse (bytes, "t", &error);
        g_assert_no_error (error);
        g_assert_cmpstr (value (node, "v")->text, ==, strings[i]);
        if (!g_ascii_isalpha (*strings[i]) && *strings[i] != '/')
            g_assert_false (value (node, "v")->plain);
    }
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/yaml/files", test_files_of_good_and_bad_texts);
    g_test_add_func ("/yaml/values-and-places", test_values_and_their_places);
    g_test_add_func ("/yaml/070-depth-bombs", test_070_depth_bombs_are_refused_at_once);
    g_test_add_func ("/yaml/071-size-capped", test_071_size_is_capped_before_anything_is_read);
    g_test_add_func ("/yaml/071-time", test_071_a_full_megabyte_takes_seconds_at_most);
    g_test_add_func ("/yaml/written-text", test_written_text_is_exact);
    g_test_add_func ("/yaml/073-written-strings", test_073_written_strings_come_back_as_they_were);
    return g_test_run ();
}
