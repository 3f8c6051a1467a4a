/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/policy.h"

#include "install/stored.h"
#include "manifest/error.h"
#include "manifest/release-clock.h"

#include <string.h>

static const Digest unknown = { 0 }; /* of a number that a person has typed in (adopt.h) */

/* trust.md 29 to 31: only numbers count, and one number is one release. */
static gboolean
check_grows (const StateChannel *known, const Bundle *bundle, GError **error)
{
    const Release *release = bundle_statement (bundle)->release;
    g_autofree char *first = NULL, *second = NULL;

    if (release->release < known->highest)
        return fail (
            error, ERR_POLICY,
            "'%s' is release %" G_GUINT64_FORMAT " of %s (%s), and %" G_GUINT64_FORMAT
            " was installed here: numbers only grow; make a new release of the old content",
            bundle_path (bundle), release->release, release->product, release->channel,
            known->highest);
    if (release->release > known->highest || digest_equal (&known->digest, &unknown) ||
        digest_equal (&known->digest, bundle_release_digest (bundle)))
        return TRUE;
    first = digest_to_text (&known->digest);
    second = digest_to_text (bundle_release_digest (bundle));
    return fail (error, ERR_TRUST,
                 "ALARM: two releases of %s are signed as number %" G_GUINT64_FORMAT
                 ": installed is %s, '%s' is %s; ask who signed the second one",
                 release->product, release->release, first, bundle_path (bundle), second);
}

/* A host that was judged by a later epoch has lost its newer roots: what they revoked would count
 * again. */
static gboolean
fail_older_epoch (const StateChannel *known, const TrustRoot *root, GError **error)
{
    return fail (error, ERR_TRUST,
                 "ALARM: this host has installed what a trust root of epoch %" G_GUINT64_FORMAT
                 " judged, and its trust root, number %" G_GUINT64_FORMAT
                 ", is of epoch %" G_GUINT64_FORMAT
                 ": an older trust folder was put back; next: handcarry trust import FILE, with "
                 "a bundle or a trust bundle that carries the newest root",
                 known->epoch, trust_number (root), trust_epoch (root));
}

static gboolean
read_stored_digest (const Run *run, const Release *release, Digest *digest)
{
    g_autoptr (GBytes) text =
        stored_statement_text (run->host->state_fd, release->product, release->release, NULL);

    if (text != NULL)
        *digest = digest_of_bytes (text);
    return text != NULL;
}

/* The ways back of a host are kept by number, whatever the channel and the epoch. */
static gboolean
check_not_kept (const Run *run, const Bundle *bundle, gboolean anew, GError **error)
{
    const Release *release = bundle_statement (bundle)->release;
    const Digest *wanted = bundle_release_digest (bundle);
    gboolean current = run->state->release == release->release;
    Digest kept;

    if (current)
        kept = run->state->digest;
    else if (!anew || !read_stored_digest (run, release, &kept))
        return TRUE;
    return digest_equal (&kept, wanted) || digest_equal (&kept, &unknown) ||
           fail (error, ERR_POLICY,
                 "another release of %s is kept here as number %" G_GUINT64_FORMAT "%s, from "
                 "another channel or an older epoch: give this one a number that is free, above "
                 "%" G_GUINT64_FORMAT,
                 release->product, release->release, current ? ", the current one" : "",
                 MAX (run->state->release, release->release));
}

static gboolean
check_known (Run *run, const StateChannel *known, VerifiedBundle *verified, GError **error)
{
    const TrustRoot *root = verified_bundle_root (verified);

    if (known->epoch == trust_epoch (root))
        return check_grows (known, verified_bundle_get (verified), error);
    if (known->epoch > trust_epoch (root))
        return fail_older_epoch (known, root, error);
    run_note (run,
              "trust root %" G_GUINT64_FORMAT " is of epoch %" G_GUINT64_FORMAT
              ": numbers of %s (%s) begin anew; the highest of epoch %" G_GUINT64_FORMAT
              " was %" G_GUINT64_FORMAT,
              trust_number (root), trust_epoch (root), run->state->product, known->channel,
              known->epoch, known->highest);
    return TRUE;
}

gboolean
policy_check_number (Run *run, VerifiedBundle *verified, GError **error)
{
    const Bundle *bundle = verified_bundle_get (verified);
    const char *channel = bundle_statement (bundle)->release->channel;
    const StateChannel *known =
        run->state != NULL ? state_find_channel (run->state, channel) : NULL;
    gboolean anew = known == NULL || known->epoch < trust_epoch (verified_bundle_root (verified));

    return run->state == NULL || ((known == NULL || check_known (run, known, verified, error)) &&
                                  check_not_kept (run, bundle, anew, error));
}

void
policy_note_clock (Run *run)
{
    release_clock_note (run->release, g_get_real_time () / G_USEC_PER_SEC, run->notes);
}

/* "linux/arm64/v8" runs where "linux/arm64" is said. */
static gboolean
runs_on (const char *mine, const char *platform)
{
    gsize length = strlen (mine);

    return strncmp (platform, mine, length) == 0 &&
           (platform[length] == '\0' || platform[length] == '/');
}

/* A release without images has playbooks and files that are for a platform too. */
static gboolean
check_any_platform (const char *mine, char **platforms, GError **error)
{
    g_autofree char *all = g_strjoinv (", ", platforms);

    for (; *platforms != NULL; platforms++)
        if (runs_on (mine, *platforms))
            return TRUE;
    return fail (error, ERR_POLICY, "this release is for %s, the engine here runs %s", all, mine);
}

gboolean
policy_check_platform (const Run *run, const Statement *statement, GError **error)
{
    const char *mine = engine_info (run->engine)->platform;

    for (guint i = 0; i < statement->images->len; i++) {
        const StatementImage *image = g_ptr_array_index (statement->images, i);

        if (!runs_on (mine, image->platform))
            return fail (error, ERR_POLICY, "image '%s' is for %s, the engine here runs %s",
                         image->name, image->platform, mine);
    }
    return check_any_platform (mine, statement->release->platforms, error);
}

gboolean
policy_check_target (const Run *run, const Statement *statement, GError **error)
{
    return host_check_target (run->host, statement->release, error) &&
           policy_check_platform (run, statement, error);
}
