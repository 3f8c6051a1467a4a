/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/base.h"
#include "bundle/format.h"
#include "bundle/pack.h"
#include "bundle/verb-bundle.h"
#include "keys/trust.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/moment.h"
#include "manifest/verb.h"

#include <string.h>

#define SPLIT_MIN (1024 * 1024)
#define LEVEL_NOT_GIVEN (-1000)
#define SOURCE_DATE_LAST 253402300799 /* the year 9999 */

typedef struct {
    VerbOutput output;
    char *file, *version, *release, *split, *trust, *engine, *tmpdir, *issued;
    char **sign, **base, **hosts;
    int level, jobs;
} BundleOptions;

static void
options_clear (BundleOptions *o)
{
    g_free (o->file);
    g_free (o->version);
    g_free (o->release);
    g_free (o->split);
    g_free (o->trust);
    g_free (o->engine);
    g_free (o->tmpdir);
    g_free (o->issued);
    g_strfreev (o->sign);
    g_strfreev (o->base);
    g_strfreev (o->hosts);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BundleOptions, options_clear)

static gboolean
parse_options (int *argc, char ***argv, BundleOptions *o, GError **error)
{
    const GOptionEntry entries[] = {
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &o->file,
          "the bundle (PRODUCT-VERSION-rN.tar.zst)", "FILE" },
        { "version", 0, 0, G_OPTION_ARG_STRING, &o->version, "instead of the file's", "V" },
        { "release", 0, 0, G_OPTION_ARG_STRING, &o->release, "release number", "N" },
        { "base", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->base,
          "an older bundle: make a delta against it; may come again", "BUNDLE" },
        { "for", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->hosts,
          "a have file: fit this host; may come again", "HAVE" },
        { "sign", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->sign, "sign with this key, too", "KEY" },
        { "trust", 0, 0, G_OPTION_ARG_FILENAME, &o->trust,
          "trust roots to carry (trust/ beside RELEASE.yaml)", "DIR" },
        { "split", 0, 0, G_OPTION_ARG_STRING, &o->split, "parts of at most SIZE (4000M)", "SIZE" },
        { "level", 0, 0, G_OPTION_ARG_INT, &o->level, "zstd level, 1 to 19 (12; of a delta 19)",
          "L" },
        { "jobs", 0, 0, G_OPTION_ARG_INT, &o->jobs, "threads; 240 MiB each", "N" },
        { "engine", 0, 0, G_OPTION_ARG_STRING, &o->engine, "for docker-daemon:", "URL" },
        { "tmpdir", 0, 0, G_OPTION_ARG_FILENAME, &o->tmpdir, "for temporary files", "DIR" },
        { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
    };

    return verb_parse (argc, argv, "RELEASE.yaml",
                       "Packs images, playbooks, configs and files of a release into one bundle.",
                       entries, &o->output, TRUE, error);
}

/* "700", "700M", "4G": powers of ten, as media are sold. */
static gboolean
parse_size (const char *text, guint64 *size, GError **error)
{
    char *end;
    guint64 factor = 1;

    *size = g_ascii_strtoull (text, &end, 10);
    if (*end == 'K' || *end == 'M' || *end == 'G')
        factor = *end == 'K' ? 1000 : *end == 'M' ? 1000000 : 1000000000;
    if (factor > 1)
        end++;
    if (!g_ascii_isdigit (*text) || *end != '\0' || *size > G_MAXINT64 / factor ||
        *size * factor < SPLIT_MIN)
        return fail (error, ERR_USAGE,
                     "--split '%s' is no size: a number with K, M or G, at least 1049K", text);
    *size *= factor;
    return TRUE;
}

/* Times come from the release file or from there, never from a clock. */
static gboolean
find_issued (char **issued, GError **error)
{
    const char *text = g_getenv ("SOURCE_DATE_EPOCH");
    guint64 seconds;

    *issued = NULL;
    if (text == NULL)
        return TRUE;
    if (!g_ascii_string_to_unsigned (text, 10, 0, SOURCE_DATE_LAST, &seconds, NULL))
        return fail (error, ERR_USAGE, "SOURCE_DATE_EPOCH is '%s', no number of seconds", text);
    *issued = moment_to_text ((gint64)seconds);
    return TRUE;
}

static gboolean
check_options (BundleOptions *o, ReleaseOverrides *overrides, guint64 *split, GError **error)
{
    char *end;

    overrides->version = o->version;
    if (!find_issued (&o->issued, error))
        return FALSE;
    overrides->issued = o->issued;
    if (o->release != NULL) {
        overrides->release = g_ascii_strtoull (o->release, &end, 10);
        if (!g_ascii_isdigit (*o->release) || *end != '\0' || overrides->release == 0)
            return fail (error, ERR_USAGE, "--release '%s' is no number above 0", o->release);
    }
    if (o->level != LEVEL_NOT_GIVEN && (o->level < 1 || o->level > PACK_LEVEL_MAX))
        return fail (error, ERR_USAGE, "--level is %d, but goes from 1 to %d", o->level,
                     PACK_LEVEL_MAX);
    if (o->jobs < 0 || o->jobs > 256)
        return fail (error, ERR_USAGE, "--jobs is %d, but goes from 1 to 256", o->jobs);
    return o->split == NULL || parse_size (o->split, split, error);
}

static void
free_key (gpointer key)
{
    secret_key_free (key);
}

static GPtrArray *
load_keys (char **names, GError **error)
{
    g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (free_key);

    for (char **name = names; name != NULL && *name != NULL; name++) {
        SecretKey *key = secret_key_load (*name, error);

        if (key == NULL)
            return NULL;
        g_ptr_array_add (keys, key);
    }
    return g_steal_pointer (&keys);
}

/* --trust, else trust/ beside the file where there is one. */
static gboolean
load_trust (const char *given, const char *dir, TrustRoot **trust, GError **error)
{
    g_autofree char *beside = g_build_filename (dir, "trust", NULL);

    *trust = NULL;
    if (given == NULL && !g_file_test (beside, G_FILE_TEST_IS_DIR))
        return TRUE;
    *trust = trust_load (given != NULL ? given : beside, error);
    return *trust != NULL;
}

static gboolean
run (const char *path, BundleOptions *o, GError **error)
{
    ReleaseOverrides overrides = { 0 };
    PackOptions options = {
        .level = o->level, .jobs = (guint)o->jobs, .tmpdir = o->tmpdir, .engine = o->engine
    };
    g_autofree char *dir = g_path_get_dirname (path);
    g_autoptr (GPtrArray) keys = NULL, warnings = NULL;
    g_autoptr (GPtrArray) bases = NULL;
    g_autoptr (GPtrArray) haves = NULL;
    g_autoptr (TrustRoot) trust = NULL;
    g_autoptr (Release) release = NULL;
    g_autoptr (GBytes) text = NULL;
    g_autoptr (Progress) progress = NULL;
    g_autofree char *file = NULL;
    PackResult result = { 0 };

    if (!check_options (o, &overrides, &options.split, error))
        return FALSE;
    text = file_read_given (path, LIMIT_YAML_BYTES, error);
    if (text == NULL)
        return FALSE;
    release = release_parse_authored (text, path, &overrides, NULL, error);
    if (release == NULL || !verb_bundle_check (release, dir, error) ||
        !load_trust (o->trust, dir, &trust, error) ||
        !verb_bundle_check_epoch (release, trust, error))
        return FALSE;
    options.keys = keys = load_keys (o->sign, error);
    if (keys == NULL)
        return FALSE;
    options.chain = trust != NULL ? trust_chain (trust) : NULL;
    options.progress = progress = verb_progress_new (&o->output);
    options.haves = haves = verb_bundle_load_haves (o->hosts, trust, error);
    if (haves == NULL)
        return FALSE;
    if (o->base != NULL && !o->output.json)
        verb_print (&o->output,
                    "NOT VERIFIED: no signature of a base was checked; each host proves "
                    "what it makes of them.\n\n");
    options.warnings = warnings = g_ptr_array_new_with_free_func (g_free);
    options.bases = bases = verb_bundle_load_bases (o->base, release, o->tmpdir, progress, error);
    if (bases == NULL)
        return FALSE;
    if (options.level == LEVEL_NOT_GIVEN)
        options.level = bases->len + haves->len > 0 ? PACK_LEVEL_DELTA : PACK_LEVEL_DEFAULT;
    file = o->file != NULL ? g_strdup (o->file) : pack_file_name (release, bases, haves);
    if (!pack (release, dir, file, &options, &result, error))
        return FALSE;
    if (o->output.json)
        verb_bundle_json (file, &options, &result);
    else
        verb_bundle_text (&o->output, release, file, &options, &result);
    pack_result_clear (&result);
    return TRUE;
}

int
verb_bundle (int argc, char **argv, GError **error)
{
    g_auto (BundleOptions) o = { .level = LEVEL_NOT_GIVEN };

    if (!parse_options (&argc, &argv, &o, error))
        return error_exit_status (*error);
    if (argc != 2) {
        fail (error, ERR_USAGE, "bundle takes one release.yaml");
        return ERR_USAGE;
    }
    return run (argv[1], &o, error) ? 0 : error_exit_status (*error);
}
