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
int verb_trust_import (int argc, char **argv, GError **error);

/* The trust folder of a host, below root (NULL: "/"). Caller frees. */
char *verb_trust_host_folder (const char *root);
/* Number, fingerprint and roles of the newest root. */
void verb_trust_print (const VerbOutput *output, const TrustRoot *trust);
