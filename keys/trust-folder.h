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

/* Is there a text of root number? With proposed: of one that still lacks votes. */
gboolean trust_folder_has (const char *dir, guint64 number, gboolean proposed);
/* The text proposed as root number, with all votes that lie there; owned as above. *proposed is
 * NULL where nothing is proposed. */
gboolean trust_folder_read_proposed (const char *dir, guint64 number, SignedRoot **proposed,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Where another text or none lies there, all votes on root number go first and the text is written:
 * a vote never lies beside a text it was not meant for. Then the votes given are. */
gboolean trust_folder_propose (const char *dir, guint64 number, const SignedRoot *root,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* After the root itself was stored. */
void trust_folder_drop_proposed (const char *dir, guint64 number);
