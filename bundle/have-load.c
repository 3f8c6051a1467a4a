/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/have-load.h"

#include "keys/trust-host.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static GBytes *
read_signature (const char *path, GError **error)
{
    g_autofree char *beside = g_strconcat (path, ".minisig", NULL);

    if (faccessat (AT_FDCWD, beside, F_OK, 0) < 0 && errno == ENOENT)
        return fail_null (error, ERR_TRUST,
                          "there is no signature '%s' beside the have file; carry both, as "
                          "'handcarry have' wrote them",
                          beside);
    return file_read_given (beside, LIMIT_SIGNATURE_BYTES, error);
}

static Have *
load (const char *path, GBytes *text, const TrustRoot *trust, GError **error)
{
    g_autoptr (GBytes) signature = read_signature (path, error);
    g_autoptr (Have) have = NULL;
    const char *host;

    if (signature == NULL)
        return NULL;
    host = trust_check_host (trust, HAVE_TYPE_LINE, text, signature, "have file", error);
    have = host != NULL ? have_parse (text, error) : NULL;
    if (have == NULL)
        return NULL;
    if (strcmp (have->host, host) != 0)
        return fail_null (
            error, ERR_TRUST,
            "it says that it is from host '%s', and its key was enrolled for host '%s': "
            "on the host, type 'name: %s' into /etc/handcarry/host.yaml and make "
            "the file again",
            have->host, host, host);
    return g_steal_pointer (&have);
}

gboolean
have_load (const char *path, const TrustRoot *trust, Have **have, GError **error)
{
    g_autoptr (GBytes) text = file_read_given (path, LIMIT_YAML_BYTES, error);

    if (text == NULL)
        return FALSE;
    *have = load (path, text, trust, error);
    return *have != NULL || fail_prefix (error, "'%s'", path);
}
