/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Starts libsodium and proves, once per process, that its Ed25519 is strict: a library built with
 * ED25519_COMPAT accepts forged keys and is refused. Every loading function of this folder calls
 * it first. */
gboolean keys_start (GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The check itself, over any verify function, so that a test can show that it finds a lax one. */
typedef int (*VerifyFunc) (const unsigned char *signature, const unsigned char *message,
                           unsigned long long length, const unsigned char *key);
gboolean selftest_check (VerifyFunc verify, GError **error) G_GNUC_WARN_UNUSED_RESULT;
