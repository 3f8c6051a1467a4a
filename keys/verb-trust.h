/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "keys/trust.h"
#include "manifest/verb.h"

#include <glib.h>

/* The sub-verbs of "trust", one per file. Only keys/verb-trust*.c include this. */

int verb_trust_init (int argc, char **argv, GError **error);
int verb_trust_add (int argc, char **argv, GError **error);
int verb_trust_show (int argc, char **argv, GError **error);
int verb_trust_retire (int argc, char **argv, GError **error);
int verb_trust_revoke (int argc, char **argv, GError **error);
int verb_trust_rotate (int argc, char **argv, GError **error);
int verb_trust_sign (int argc, char **argv, GError **error);
int verb_trust_export (int argc, char **argv, GError **error);
int verb_trust_import (int argc, char **argv, GError **error);

/* The trust folder of a host, below root (NULL: "/"). Caller frees. */
char *verb_trust_host_folder (const char *root);
/* Where no --trust is given: trust/ beside release.yaml on the connected side, else the host's
 * below root. Caller frees. */
char *verb_trust_choose_folder (const char *root);
/* A host's state begins with its first trust root, and so is made here: nothing else makes it, for
 * a host that believes somebody and has no state is one that lost it. Does nothing where trust is
 * another folder than the host's. */
gboolean verb_trust_begin_state (const char *trust, const char *root,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Number, fingerprint and roles of the newest root. */
void verb_trust_print (const VerbOutput *output, const TrustRoot *trust);
