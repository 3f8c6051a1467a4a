/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/pack.h"
#include "keys/trust.h"
#include "manifest/verb.h"

#include <json-glib/json-glib.h>

#define LEVEL_NOT_GIVEN (-1000)

/* What a person typed. */
typedef struct {
    VerbOutput output;
    char *file, *version, *release, *split, *trust, *engine, *tmpdir, *issued, *cache, *builder;
    char **sign, **base, **hosts, **insecure, **mirrors;
    int level, jobs;
    gboolean locked, relock, offline;
} BundleOptions;

void bundle_options_clear (BundleOptions *o);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BundleOptions, bundle_options_clear)

/* The texts in o are freed by bundle_options_clear, also after an error (ERR_USAGE). */
gboolean bundle_options_parse (int *argc, char ***argv, BundleOptions *o,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Checks what stands in them. overrides borrows from o; *split is 0 for one file. */
gboolean bundle_options_check (BundleOptions *o, ReleaseOverrides *overrides, guint64 *split,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What `bundle` says at its end. */
void verb_bundle_json (const char *file, const PackOptions *options, const PackResult *result);
void verb_bundle_text (const VerbOutput *output, const Release *release, const char *file,
                       const PackOptions *options, const PackResult *result);

/* The part of it about the sources of images. */
void verb_bundle_images_json (JsonBuilder *builder, const PackResult *result);
void verb_bundle_images_text (const VerbOutput *output, const PackResult *result);

/* Checks what lies beside release.yaml, in dir: compose files and the images that they are made of.
 */
gboolean verb_bundle_check (const Release *release, const char *dir,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Warnings (char *) get what looks like a secret among all that would be carried, the first few of
 * them. text: of release.yaml. */
void verb_bundle_warn_secrets (const Release *release, GBytes *text, const char *dir,
                               GPtrArray *warnings);

/* Does the file say the epoch of the root that will judge it? trust: NULL is not known yet. */
gboolean verb_bundle_check_epoch (const Release *release, const TrustRoot *trust,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What --base and --for name: BaseBundle elements, older releases of the same product; and Have
 * elements that the trust root's hosts signed. tmpdir: NULL is the usual place. */
GPtrArray *verb_bundle_load_bases (char **paths, const Release *release, const char *tmpdir,
                                   Progress *progress, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GPtrArray *verb_bundle_load_haves (char **paths, const TrustRoot *trust,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
