/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/bundle.h"

/* A bundle whose signed end was read and of which nothing is believed yet. The roots it carries can
 * be looked at before it is judged, and it is not read again for that. */
typedef struct UnprovenBundle UnprovenBundle;

UnprovenBundle *bundle_open_unproven (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* SignedRoot elements, owned by unproven. */
GPtrArray *unproven_bundle_chain (const UnprovenBundle *unproven);
/* Judges what was read, as bundle_open_verified does. Takes unproven. */
VerifiedBundle *bundle_verify (UnprovenBundle *unproven, const TrustRoot *trust, VoteReport *report,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
void unproven_bundle_free (UnprovenBundle *unproven);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnprovenBundle, unproven_bundle_free)
