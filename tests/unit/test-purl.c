/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/os-release.h"
#include "bundle/purl.h"
#include "tests/unit/corpus.h"

#include <string.h>

static gboolean
parse_url (GBytes *input, GError **error)
{
    gsize length = g_bytes_get_size (input);
    g_autofree char *text =
        length > 0 ? g_strndup (g_bytes_get_data (input, NULL), length) : g_strdup ("");
    g_auto (Purl) purl = { 0 };

    return purl_parse (text, &purl, error);
}

static gboolean
parse_os (GBytes *input, GError **error)
{
    g_auto (OsRelease) os = { 0 };

    return os_release_parse (input, &os, error);
}

static void
test_corpus (void)
{
    corpus_walk ("purl", parse_url);
    corpus_walk ("os-release", parse_os);
}

static void
test_parts_of_urls (void)
{
    static const struct {
        const char *text, *type, *space, *name, *version, *arch, *epoch;
    } rows[] = {
        { "pkg:deb/debian/g%2B%2B@4:12.2.0-3~x%2Bb1?arch=amd64&distro=debian-12", "deb", "debian",
          "g++", "4:12.2.0-3~x+b1", "amd64", NULL },
        { "pkg:deb/debian/attr@1%3A2.4?arch=all", "deb", "debian", "attr", "1:2.4", "all", NULL },
        { "pkg:npm/%40angular/core@17.0.0", "npm", "@angular", "core", "17.0.0", NULL, NULL },
        { "pkg:npm/@angular/core", "npm", "@angular", "core", NULL, NULL, NULL },
        { "pkg:golang/github.com/a/b@v1.2#c/d", "golang", "github.com/a", "b", "v1.2", NULL, NULL },
        { "PKG:PyPI/requests@2.0?x=1", "pypi", NULL, "requests", "2.0", NULL, NULL },
        { "pkg:rpm/fedora/a@1-1?Arch=x86_64&epoch=2", "rpm", "fedora", "a", "1-1", "x86_64", "2" },
        { "pkg://maven//org/commons/@1", "maven", "org", "commons", "1", NULL, NULL },
    };

    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_auto (Purl) purl = { 0 };

        g_assert_true (purl_parse (rows[i].text, &purl, NULL));
        g_assert_cmpstr (purl.type, ==, rows[i].type);
        g_assert_cmpstr (purl.space, ==, rows[i].space);
        g_assert_cmpstr (purl.name, ==, rows[i].name);
        g_assert_cmpstr (purl.version, ==, rows[i].version);
        g_assert_cmpstr (purl.arch, ==, rows[i].arch);
        g_assert_cmpstr (purl.epoch, ==, rows[i].epoch);
    }
}

/* Every character that is not one of those few is encoded, and comes back. */
static void
test_written_and_read_again (void)
{
    g_autoptr (GString) text = g_string_new ("pkg:generic/");
    g_auto (Purl) purl = { 0 };
    char all[96] = { 0 };

    for (guint i = 0; i < 95; i++)
        all[i] = (char)(' ' + i);
    purl_append (text, all);
    g_assert_null (strpbrk (strchr (text->str, '/') + 1, "/@?#&= +"));
    g_assert_true (purl_parse (text->str, &purl, NULL));
    g_assert_cmpstr (purl.name, ==, all);
}

static void
test_the_last_line_of_os_release_counts (void)
{
    static const char text[] = "ID=a\nID=\"debian\"\nVERSION_ID='12'\n";
    g_autoptr (GBytes) bytes = g_bytes_new_static (text, strlen (text));
    g_auto (OsRelease) os = { 0 };

    g_assert_true (os_release_parse (bytes, &os, NULL));
    g_assert_cmpstr (os.id, ==, "debian");
    g_assert_cmpstr (os.version, ==, "12");
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/purl/corpus", test_corpus);
    g_test_add_func ("/purl/parts-of-urls", test_parts_of_urls);
    g_test_add_func ("/purl/written-and-read-again", test_written_and_read_again);
    g_test_add_func ("/purl/the-last-line-of-os-release-counts",
                     test_the_last_line_of_os_release_counts);
    return g_test_run ();
}
