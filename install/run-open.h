/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/run.h"

/* How a run comes to be: with bundles, or on what is installed. */

/* Opens trust, bundle, host and engine, and checks policy: all that can be refused before a plan is
 * made. launcher was started before. */
Run *run_open (const RunOptions *options, Launcher *launcher, NetworkBarrier barrier,
               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Takes what was opened and believed; votes too. */
void run_take (Run *run, VerifiedBundle *verified, VoteReport *votes);
/* A run without a bundle, for what is done to products that are installed: the host, locked, and
 * the journal of a run that did not end. Nothing is taken yet. */
Run *run_open_on_host (const RunOptions *options, Launcher *launcher, NetworkBarrier barrier,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Opens what concerns one product, and the engine. */
gboolean run_open_product (Run *run, const char *product, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A run on the same host and engine, of which nothing is taken yet; like must stay longer. */
Run *run_borrow (Run *like);
/* A run for a bundle that comes before run's in a chain; owned by run. */
void run_add_link (Run *run, VerifiedBundle *verified, VoteReport *votes);
/* Gives up what was taken, and what was planned of it. */
void run_drop_bundles (Run *run);
/* The states of this product and of the others. */
gboolean run_open_states (Run *run, const char *product, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Opens the bundles that the paths name, chooses among them, and takes what was chosen. */
gboolean run_choose (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
