/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/base.h"
#include "bundle/format.h"
#include "bundle/pack.h"
#include "bundle/verb-bundle.h"
#include "keys/trust.h"
#include "keys/verb-signer.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/verb.h"

#include <string.h>

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
        SecretKey *key = signer_load_secret (*name, error);

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

static PackOptions
pack_options (const BundleOptions *o, const RegistryOptions *registry)
{
    return (PackOptions){ .level = o->level,
                          .jobs = (guint)o->jobs,
                          .tmpdir = o->tmpdir,
                          .engine = o->engine,
                          .cache = o->cache,
                          .offline = o->offline,
                          .registry = registry,
                          .locking = o->locked   ? LOCKING_EXACT
                                     : o->relock ? LOCKING_ANEW
                                                 : LOCKING_KEEP };
}

static gboolean
run (const char *path, BundleOptions *o, GError **error)
{
    ReleaseOverrides overrides = { 0 };
    RegistryOptions registry = { .insecure = (const char *const *)o->insecure,
                                 .mirrors = (const char *const *)o->mirrors };
    PackOptions options = pack_options (o, &registry);
    g_autofree char *dir = g_path_get_dirname (path);
    g_autoptr (GPtrArray) keys = NULL, warnings = NULL;
    g_autoptr (GPtrArray) bases = NULL;
    g_autoptr (GPtrArray) haves = NULL;
    g_autoptr (TrustRoot) trust = NULL;
    g_autoptr (Release) release = NULL;
    g_autoptr (GBytes) text = NULL;
    g_autoptr (Progress) progress = NULL;
    g_autofree char *file = NULL;
    g_auto (PackResult) result = { 0 };

    if (!bundle_options_check (o, &overrides, &options.split, error))
        return FALSE;
    text = file_read_given (path, LIMIT_YAML_BYTES, error);
    if (text == NULL)
        return FALSE;
    options.release_file = digest_of_bytes (text);
    release = release_parse_authored (text, path, &overrides, NULL, error);
    if (release == NULL || !verb_bundle_check (release, dir, error) ||
        !load_trust (o->trust, dir, &trust, error) ||
        !verb_bundle_check_epoch (release, trust, error))
        return FALSE;
    options.keys = keys = load_keys (o->sign, error);
    if (keys == NULL)
        return FALSE;
    options.builder = o->builder;
    options.given_version = overrides.version;
    options.given_release = overrides.release;
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
    verb_bundle_warn_secrets (release, text, dir, warnings);
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
    return TRUE;
}

int
verb_bundle (int argc, char **argv, GError **error)
{
    g_auto (BundleOptions) o = { .level = LEVEL_NOT_GIVEN };

    if (!bundle_options_parse (&argc, &argv, &o, error))
        return error_exit_status (*error);
    if (argc != 2) {
        fail (error, ERR_USAGE, "bundle takes one release.yaml");
        return ERR_USAGE;
    }
    return run (argv[1], &o, error) ? 0 : error_exit_status (*error);
}
