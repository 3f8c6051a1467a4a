/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/host.h"
#include "install/run-trust.h"
#include "manifest/statement.h"

#include <glib.h>

/* The release that says which values there are. */

typedef struct {
    const Release *release;
    char *from; /* the bundle; NULL: the release that is installed */
    RunTrust *trust;
    VerifiedBundle *verified;
    Statement *stored;
} Declared;

/* Of the bundles that paths name (files, or folders of them), proven by trust (a folder), the
 * newest release of product; without paths the one that is installed. What is passed over in a
 * folder becomes a note (char *). ERR_NOT_READY: there is none. */
Declared *declared_open (const Host *host, const char *trust, const char *product, char **paths,
                         GPtrArray *notes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void declared_free (Declared *declared);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Declared, declared_free)
