/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/provenance.h"
#include "bundle/verb-bundle.h"
#include "manifest/error.h"
#include "manifest/moment.h"
#include "manifest/uri.h"

#define SPLIT_MIN (1024 * 1024)
#define SOURCE_DATE_LAST 253402300799 /* the year 9999 */

void
bundle_options_clear (BundleOptions *o)
{
    g_free (o->file);
    g_free (o->version);
    g_free (o->release);
    g_free (o->split);
    g_free (o->trust);
    g_free (o->engine);
    g_free (o->tmpdir);
    g_free (o->issued);
    g_free (o->cache);
    g_free (o->builder);
    g_strfreev (o->sign);
    g_strfreev (o->base);
    g_strfreev (o->hosts);
    g_strfreev (o->insecure);
    g_strfreev (o->mirrors);
}

gboolean
bundle_options_parse (int *argc, char ***argv, BundleOptions *o, GError **error)
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
        { "level", 0, 0, G_OPTION_ARG_INT, &o->level, "zstd level, 1 to 19 (9; of a delta 19)",
          "L" },
        { "jobs", 0, 0, G_OPTION_ARG_INT, &o->jobs, "threads; 240 MiB each", "N" },
        { "builder", 0, 0, G_OPTION_ARG_STRING, &o->builder,
          "who builds, for the provenance (" PROVENANCE_BUILDER ")", "URI" },
        { "engine", 0, 0, G_OPTION_ARG_STRING, &o->engine, "for docker-daemon:", "URL" },
        { "locked", 0, 0, G_OPTION_ARG_NONE, &o->locked,
          "build exactly what RELEASE.lock.yaml names, or nothing", NULL },
        { "relock", 0, 0, G_OPTION_ARG_NONE, &o->relock,
          "ask anew what each tag is, and write that lock", NULL },
        { "offline", 0, 0, G_OPTION_ARG_NONE, &o->offline,
          "ask no registry: what the cache has must do", NULL },
        { "cache", 0, 0, G_OPTION_ARG_FILENAME, &o->cache,
          "of pulled blobs (~/.cache/handcarry); may be removed", "DIR" },
        { "insecure", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->insecure,
          "a registry without TLS, or any certificate", "HOST" },
        { "mirror", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->mirrors,
          "ask MIRROR[/FOLDER] before the registry HOST", "HOST=MIRROR" },
        { "tmpdir", 0, 0, G_OPTION_ARG_FILENAME, &o->tmpdir, "for temporary files", "DIR" },
        { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
    };

    return verb_parse (argc, argv, "RELEASE.yaml",
                       "Packs images, playbooks, configs and files of a release into one bundle. "
                       "A key's password is asked for, or is the first line of the file or pipe "
                       "that HANDCARRY_PASSWORD_FILE names.",
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

gboolean
bundle_options_check (BundleOptions *o, ReleaseOverrides *overrides, guint64 *split, GError **error)
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
    if (o->relock && (o->locked || o->offline))
        return fail (error, ERR_USAGE, "--relock asks registries anew, which %s forbids",
                     o->locked ? "--locked" : "--offline");
    if (o->builder != NULL && !uri_check (o->builder, NULL))
        return fail (error, ERR_USAGE,
                     "--builder is no URI such as https://ci.example.org/plant, or holds what is "
                     "for few: it is written to the bundle");
    return o->split == NULL || parse_size (o->split, split, error);
}
