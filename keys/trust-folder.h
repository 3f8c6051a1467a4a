/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "keys/trust.h"

#include <glib.h>

/* A trust folder on disk: N.root.yaml and N.root.yaml.KEYID.minisig for N from 1 on. Everything
 * else in it is for people. */

/* SignedRoot elements 1…N, unproven. With owned, the folder and its files must belong to root or
 * the caller, and nobody else may write them (trust.md 27). */
GPtrArray *trust_folder_read (const char *dir, gboolean owned,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Is there any root in it? FALSE also where there is no folder. */
gboolean trust_folder_has_root (const char *dir);
/* Writes root number number: its votes first and the text last, so that a run that dies between
 * leaves the root before it (trust.md 21). Never replaces a text. */
gboolean trust_folder_add (int dirfd, guint64 number, const SignedRoot *root,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A root that still lacks votes lies beside as N.root.yaml.new; no reader takes it for a root. */

/* ERR_FAILED where another text than this one is proposed as root number. */
gboolean trust_folder_check_proposed (int dirfd, guint64 number, GBytes *text,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Writes the votes, then the text where it is not there yet. */
gboolean trust_folder_propose (int dirfd, guint64 number, const SignedRoot *root,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* After the root itself was stored. */
void trust_folder_drop_proposed (int dirfd, guint64 number);
