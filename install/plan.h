/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/run.h"

#include <glib.h>

/* Fills run->steps, run->already and the space figures by looking at host and engine. Changes
 * nothing. ERR_NOT_READY, ERR_SPACE and ERR_POLICY are what install would say. */
gboolean plan_make (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The first part of it: what is to be loaded, also by the links of a chain. *culprit is the path of
 * the bundle that was looked at when it failed, owned by run. Done once. */
gboolean plan_images (Run *run, const char **culprit, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ERR_NOT_READY becomes one of run->outlook->problems, which plan_make names all at once, and is no
 * error here; anything else is passed on. Takes why. */
gboolean plan_defer (Run *run, GError *why, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Adds the requirements of the release that this host does not meet to run->outlook->problems. */
gboolean plan_check_requires (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The Python modules that it asks for, of the Python that it carries itself (ERR_NOT_READY);
 * run->ansible is open. */
gboolean plan_check_carried_python (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Fills run->outlook->spaces. ERR_SPACE names each file system with what it needs and has. */
gboolean plan_check_space (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What is another engine, or another store of it, than when the state was written; NULL: nothing.
 * Caller frees. */
char *plan_engine_change (const State *state, const EngineInfo *info);
/* ERR_POLICY where data.upgrade-from is above the release that is here. */
gboolean plan_check_upgrade (const Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Fills run->outlook->lasting and run->outlook->affected. */
gboolean plan_look_ahead (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Of all images that are sent to the engine, by links of a chain too. */
guint64 plan_engine_bytes (const Run *run);
/* A line for each step. */
void plan_append_steps (GString *out, const Run *run);
/* For a person. Caller frees. */
char *plan_to_text (const Run *run);
