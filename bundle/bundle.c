/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/bundle.h"

#include "bundle/decode.h"
#include "bundle/format.h"
#include "bundle/reader.h"
#include "bundle/unproven.h"
#include "bundle/vote-files.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/fuzzing.h"

#include <string.h>

struct UnprovenBundle {
    Bundle *bundle; /* without what follows from the texts */
};

struct VerifiedBundle {
    Bundle *bundle;
    TrustRoot *walked;      /* newer than what was given, or NULL */
    const TrustRoot *trust; /* what judged */
};

void
bundle_free (Bundle *bundle)
{
    if (bundle == NULL)
        return;
    g_clear_pointer (&bundle->decoder, decoder_free);
    file_clear_fd (&bundle->copy_fd);
    g_clear_pointer (&bundle->parts, parts_free);
    g_clear_pointer (&bundle->tail, tail_free);
    g_clear_pointer (&bundle->statement, statement_free);
    g_clear_pointer (&bundle->packing, packing_free);
    g_clear_pointer (&bundle->frames, g_array_unref);
    g_clear_pointer (&bundle->meta, g_hash_table_unref);
    g_clear_pointer (&bundle->meta_names, g_ptr_array_unref);
    g_free (bundle->copied);
    g_free (bundle->path);
    g_free (bundle);
}

/* A name on a medium may hold line breaks that look like lines of this program. */
static void
fail_at (const char *path, GError **error)
{
    g_autofree char *shown = error_quote (path);

    fail_prefix (error, "%s", shown);
}

/* Takes over parts, which may be NULL after an error. */
static Bundle *
open_tail_of (const char *path, Parts *parts, GError **error)
{
    g_autoptr (Bundle) bundle = g_new0 (Bundle, 1);

    bundle->copy_fd = -1;
    bundle->path = g_strdup (path);
    bundle->parts = parts;
    if (bundle->parts == NULL)
        return NULL;
    bundle->tail = tail_read (bundle->parts, error);
    if (bundle->tail == NULL) {
        fail_at (path, error);
        return NULL;
    }
    return g_steal_pointer (&bundle);
}

static Bundle *
open_tail (const char *path, GError **error)
{
    return open_tail_of (path, parts_open (path, error), error);
}

/* Region sizes follow from the packing list; the index must say the same. */
static gboolean
check_regions (const Bundle *bundle, GError **error)
{
    guint64 frames = 0;

    for (Region region = 0; region < N_REGIONS; region++)
        frames += bundle->packing->regions[region].frames;
    if (frames != bundle->frames->len)
        return fail (error, ERR_FORMAT,
                     "packing list counts %" G_GUINT64_FORMAT " frames, the index has %u", frames,
                     bundle->frames->len);
    for (Region region = 0; region < N_REGIONS; region++) {
        guint64 content = 0;
        guint first, count;

        bundle_region (bundle, region, &first, &count);
        for (guint i = first; i < first + count; i++)
            content += g_array_index (bundle->frames, Frame, i).content;
        if (region <= REGION_META && content != bundle->packing->regions[region].bytes)
            return fail (error, ERR_FORMAT,
                         "region '%s' has %" G_GUINT64_FORMAT " bytes by the packing list and "
                         "%" G_GUINT64_FORMAT " by the index",
                         packing_region_name (region), bundle->packing->regions[region].bytes,
                         content);
    }
    return TRUE;
}

/* Frame n holds the two texts for `tar`: it must be exactly what follows from them. */
static gboolean
check_texts_frame (const Bundle *bundle, guint64 offset, GError **error)
{
    g_autoptr (GBytes) expected = tail_texts_frame (bundle->tail->statement, bundle->tail->packing);
    gsize length;
    const guint8 *bytes = g_bytes_get_data (expected, &length);
    g_autofree guint8 *found = NULL;

    if (bundle->tail->offset != offset + length)
        return fail (error, ERR_FORMAT,
                     "frames end at %" G_GUINT64_FORMAT " and the tail begins at %" G_GUINT64_FORMAT
                     ": there are bytes that no signature covers, or bytes are missing",
                     offset + length, bundle->tail->offset);
    found = g_malloc (length);
    if (!parts_pread (bundle->parts, found, length, offset, error))
        return FALSE;
    if (memcmp (found, bytes, length) != 0)
        return fail (
            error, ERR_FORMAT,
            "the copy of statement and packing list in the tar differs from the signed one");
    return TRUE;
}

/* Everything that follows from the texts; by now their bytes are believed, or the caller prints NOT
 * VERIFIED. */
static gboolean
parse_texts (Bundle *bundle, GError **error)
{
    Digest index = digest_of_bytes (bundle->tail->index);
    guint64 end = 0;

    bundle->statement = statement_parse (bundle->tail->statement, error);
    if (bundle->statement == NULL)
        return FALSE;
    bundle->packing = packing_parse (bundle->tail->packing, error);
    if (bundle->packing == NULL)
        return FALSE;
    bundle->release_digest = digest_of_bytes (bundle->tail->statement);
    if (!check_holds (digest_equal (&bundle->packing->statement, &bundle->release_digest)))
        return fail (error, ERR_FORMAT, "the packing list belongs to another release");
    if (!bundle_check_left_out (bundle, error))
        return FALSE;
    if (!check_holds (digest_equal (&bundle->packing->index, &index)))
        return fail (error, ERR_FORMAT, "the frame index is not the one of the packing list");
    bundle->frames = frame_index_parse (bundle->tail->index, error);
    if (bundle->frames == NULL || !check_regions (bundle, error))
        return FALSE;
    if (bundle->frames->len > 0) {
        const Frame *last = &g_array_index (bundle->frames, Frame, bundle->frames->len - 1);
        end = last->offset + last->compressed;
    }
    bundle->copied = g_new0 (gboolean, bundle->frames->len + 1);
    return check_texts_frame (bundle, end, error);
}

/* Takes over bundle, which may be NULL after an error. */
static Bundle *
parse_unsigned (Bundle *opened, GError **error)
{
    g_autoptr (Bundle) bundle = opened;

    if (bundle == NULL)
        return NULL;
    if (!parse_texts (bundle, error)) {
        fail_at (bundle->path, error);
        return NULL;
    }
    return g_steal_pointer (&bundle);
}

Bundle *
bundle_open (const char *path, GError **error)
{
    return parse_unsigned (open_tail (path, error), error);
}

Bundle *
bundle_open_parts (GPtrArray *names, GError **error)
{
    Parts *parts = parts_open_names (names, error);

    return parse_unsigned (open_tail_of ("the new file", parts, error), error);
}

void
verified_bundle_free (VerifiedBundle *verified)
{
    if (verified == NULL)
        return;
    bundle_free (verified->bundle);
    trust_free (verified->walked);
    g_free (verified);
}

/* Chain, then votes over the exact bytes of both texts; nothing of them is parsed here. *walked is
 * the newer root that the bundle brought, or NULL. */
static gboolean
authenticate (Bundle *bundle, const TrustRoot *trust, TrustRoot **walked, VoteReport *report,
              GError **error)
{
    Tail *tail = bundle->tail;
    g_autoptr (GPtrArray) votes = NULL;
    gboolean good;

    tail_drop_recoded (tail, report->ignored);
    if (tail->chain->len > 0) {
        *walked = trust_walk (trust, tail->chain, error);
        if (*walked == NULL)
            return FALSE;
        trust = *walked;
    }
    votes = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    for (guint i = 0; i < tail->statement_votes->len; i++)
        g_ptr_array_add (votes, g_bytes_ref (tail->statement_votes->pdata[i]));
    vote_files_add (bundle->path, tail->statement, trust_values (trust), votes, report);
    good = trust_check_votes (trust, SIGNED_STATEMENT, tail->statement, votes, report, error);
    /* The packing list's roles are reported on also where the statement's are not met. */
    return trust_check_votes (trust, SIGNED_PACKING, tail->packing, tail->packing_votes, report,
                              good ? error : NULL) &&
           good;
}

/* An epoch is how a new root takes back what stolen keys have signed: none of it names the new one.
 */
static gboolean
check_epoch (const Release *release, const TrustRoot *trust, GError **error)
{
    guint64 epoch = trust_epoch (trust);

    return release->epoch == epoch ||
           fail (error, ERR_POLICY,
                 "release %" G_GUINT64_FORMAT " of %s is of epoch %" G_GUINT64_FORMAT
                 ", and trust root %" G_GUINT64_FORMAT ", which judges it, of epoch "
                 "%" G_GUINT64_FORMAT ": pack it again with 'epoch: %" G_GUINT64_FORMAT "'",
                 release->release, release->product, release->epoch, trust_number (trust), epoch,
                 epoch);
}

static gboolean
check_release (const Bundle *bundle, const TrustRoot *trust, GError **error)
{
    const Release *release = bundle->statement->release;

    return trust_check_product (trust, release->product, error) &&
           check_epoch (release, trust, error);
}

gboolean
bundle_judge (Bundle *bundle, const TrustRoot *trust, TrustRoot **walked, VoteReport *report,
              GError **error)
{
    *walked = NULL;
    return authenticate (bundle, trust, walked, report, error) &&
           check_release (bundle, *walked != NULL ? *walked : trust, error);
}

UnprovenBundle *
bundle_open_unproven (const char *path, GError **error)
{
    Bundle *bundle = open_tail (path, error);
    UnprovenBundle *unproven;

    if (bundle == NULL)
        return NULL;
    unproven = g_new0 (UnprovenBundle, 1);
    unproven->bundle = bundle;
    return unproven;
}

GPtrArray *
unproven_bundle_chain (const UnprovenBundle *unproven)
{
    return unproven->bundle->tail->chain;
}

void
unproven_bundle_free (UnprovenBundle *unproven)
{
    if (unproven == NULL)
        return;
    bundle_free (unproven->bundle);
    g_free (unproven);
}

VerifiedBundle *
bundle_verify (UnprovenBundle *unproven, const TrustRoot *trust, VoteReport *report, GError **error)
{
    g_autoptr (VerifiedBundle) verified = g_new0 (VerifiedBundle, 1);

    verified->bundle = g_steal_pointer (&unproven->bundle);
    unproven_bundle_free (unproven);
    if (!authenticate (verified->bundle, trust, &verified->walked, report, error) ||
        !parse_texts (verified->bundle, error) ||
        !check_release (verified->bundle, verified->walked != NULL ? verified->walked : trust,
                        error)) {
        fail_at (verified->bundle->path, error);
        return NULL;
    }
    verified->trust = verified->walked != NULL ? verified->walked : trust;
    bundle_read_apart (verified->bundle);
    return g_steal_pointer (&verified);
}

VerifiedBundle *
bundle_open_verified (const char *path, const TrustRoot *trust, VoteReport *report, GError **error)
{
    UnprovenBundle *unproven = bundle_open_unproven (path, error);

    return unproven != NULL ? bundle_verify (unproven, trust, report, error) : NULL;
}

void
bundle_read_apart (Bundle *bundle)
{
    bundle->apart = TRUE;
}

GPtrArray *
bundle_read_chain (const char *path, GError **error)
{
    g_autoptr (Parts) parts = parts_open (path, error);
    GPtrArray *chain;

    if (parts == NULL)
        return NULL;
    chain = tail_read_chain (parts, error);
    if (chain == NULL)
        fail_at (path, error);
    return chain;
}

Bundle *
verified_bundle_get (VerifiedBundle *verified)
{
    return verified->bundle;
}

const TrustRoot *
verified_bundle_root (const VerifiedBundle *verified)
{
    return verified->trust;
}

const Statement *
bundle_statement (const Bundle *bundle)
{
    return bundle->statement;
}

const Packing *
bundle_packing (const Bundle *bundle)
{
    return bundle->packing;
}

GBytes *
bundle_statement_text (const Bundle *bundle)
{
    return bundle->tail->statement;
}

GBytes *
bundle_packing_text (const Bundle *bundle)
{
    return bundle->tail->packing;
}

const Digest *
bundle_release_digest (const Bundle *bundle)
{
    return &bundle->release_digest;
}

guint64
bundle_file_bytes (const Bundle *bundle)
{
    return parts_bytes (bundle->parts);
}

const char *
bundle_path (const Bundle *bundle)
{
    return bundle->path;
}
