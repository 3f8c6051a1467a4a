/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/kit.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <unistd.h>

/* What of datadir is carried; each row that nothing fits is said to be missing. */
static const struct {
    const char *pattern;
    const char *missing;
} wanted[] = {
    { "man/man1/handcarry-*.1", "man pages (they are made where help2man is installed)" },
    { "man/man7/handcarry*.7", "docs as man pages" },
    { "man/ko/man[17]/handcarry*", "man pages in Korean" },
    { "doc/handcarry/LICENSE", "the licence of handcarry" },
    { "doc/handcarry/en/*", "docs in English" },
    { "doc/handcarry/ko/*", "docs in Korean" },
    { "locale/ko/LC_MESSAGES/handcarry.mo", "the Korean catalogue" },
    { "bash-completion/completions/handcarry", "completion for bash" },
    { "zsh/site-functions/_handcarry", "completion for zsh" },
};

/* Man pages of what the isolated side has not got: a test compares them with its own list. */
static const char *const connected[] = { "bundle", "extract", "keygen", "kit",
                                         "lint",   "report",  "sign" };

static gboolean
is_connected (const char *path)
{
    g_autofree char *name = g_path_get_basename (path);

    for (gsize i = 0; i < G_N_ELEMENTS (connected); i++) {
        g_autofree char *page = g_strdup_printf ("handcarry-%s.1", connected[i]);

        if (strcmp (name, page) == 0)
            return TRUE;
    }
    return FALSE;
}

/* The row of wanted, or -1. */
static int
find_row (const char *below)
{
    for (gsize i = 0; i < G_N_ELEMENTS (wanted); i++)
        if (fnmatch (wanted[i].pattern, below, FNM_PATHNAME | FNM_PERIOD) == 0)
            return is_connected (below) ? -1 : (int)i;
    return -1;
}

char *
kit_share_name (const char *below)
{
    static const char docs[] = "doc/handcarry/";

    if (find_row (below) < 0)
        return NULL;
    if (g_str_has_prefix (below, docs))
        return g_strconcat ("share/doc/", below + strlen (docs), NULL);
    return g_strconcat ("share/", below, NULL);
}

static gboolean
add (Kit *kit, const char *below, const char *path, guint found[], GError **error)
{
    g_autofree char *name = kit_share_name (below);

    if (name == NULL)
        return TRUE;
    found[find_row (below)]++;
    return kit_add_file (kit, name, path, FALSE, error);
}

/* meson's list: an object of each file in the build folder and the place it is installed at. */
static gboolean
add_built (Kit *kit, const char *list, guint found[], GError **error)
{
    g_autoptr (GBytes) text = file_read_given (list, LIMIT_JSON_BYTES, error);
    g_autoptr (JsonParser) parser = json_parser_new ();
    const char *datadir = KIT_DATADIR_FULL "/";
    JsonObjectIter each;
    const char *from;
    JsonNode *node;

    if (text == NULL)
        return FALSE;
    if (!json_parser_load_from_data (parser, g_bytes_get_data (text, NULL),
                                     (gssize)g_bytes_get_size (text), NULL) ||
        !JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser)))
        return fail (error, ERR_FORMAT, "'%s' is no list as meson writes it", list);
    json_object_iter_init (&each, json_node_get_object (json_parser_get_root (parser)));
    while (json_object_iter_next (&each, &from, &node)) {
        const char *to = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;

        if (to != NULL && g_str_has_prefix (to, datadir) &&
            !add (kit, to + strlen (datadir), from, found, error))
            return fail_prefix (error, "taking what is not built yet ('ninja' builds it)");
    }
    return TRUE;
}

static gboolean
add_installed (Kit *kit, const char *datadir, guint found[], GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS (wanted); i++) {
        g_autofree char *pattern = g_build_filename (datadir, wanted[i].pattern, NULL);
        gboolean ok = TRUE;
        glob_t paths;

        if (glob (pattern, 0, NULL, &paths) != 0)
            continue;
        for (gsize p = 0; ok && p < paths.gl_pathc; p++)
            ok = add (kit, paths.gl_pathv[p] + strlen (datadir) + 1, paths.gl_pathv[p], found,
                      error);
        globfree (&paths);
        if (!ok)
            return FALSE;
    }
    return TRUE;
}

gboolean
kit_add_share (Kit *kit, const char *beside, GError **error)
{
    guint found[G_N_ELEMENTS (wanted)] = { 0 };
    g_autofree char *list = g_build_filename (beside, "meson-info/intro-installed.json", NULL);
    g_autofree char *datadir = g_build_filename (beside, "..", KIT_DATADIR, NULL);
    gboolean built = faccessat (AT_FDCWD, list, R_OK, 0) == 0;

    if (!(built ? add_built (kit, list, found, error) : add_installed (kit, datadir, found, error)))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS (wanted); i++)
        if (found[i] == 0)
            g_ptr_array_add (kit->missing, g_strdup (wanted[i].missing));
    return TRUE;
}
