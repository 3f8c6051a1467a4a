/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/verb-host.h"

/* What the verbs that change a host have to do with its records. */

/* Checks --by and --ref; without --by it is who has logged in. */
gboolean verb_record_find_person (HostOptions *options, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A line in the audit log, for a run that did not begin. run: NULL where it was refused before
 * that. Where there is no state folder there is no line. */
void verb_record_refusal (const RunOptions *options, const char *verb, NetworkBarrier barrier,
                          const Run *run, const GError *why);
/* What --carry-back asks for; a failure is a warning, for the run is over. */
void verb_record_carry_back (const RunOptions *options, const VerbOutput *output);
