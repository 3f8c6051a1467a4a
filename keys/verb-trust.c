/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/verb-trust.h"

#include "install/isolate.h"
#include "manifest/error.h"
#include "manifest/message.h"
#include "manifest/verb.h"

#if WITH_BUNDLER
#define CONNECTED(func) func
#else
#define CONNECTED(func) NULL
#endif

static const VerbSub sub_verbs[] = {
    { "init", N_ ("make the first trust root, and keys for it"), CONNECTED (verb_trust_init) },
    { "add", N_ ("give somebody's key, or a host's, a role"), CONNECTED (verb_trust_add) },
    { "retire", N_ ("take a key out of its roles"), CONNECTED (verb_trust_retire) },
    { "revoke", N_ ("declare a key stolen"), CONNECTED (verb_trust_revoke) },
    { "rotate", N_ ("put a new key in the place of another"), CONNECTED (verb_trust_rotate) },
    { "sign", N_ ("sign the trust root that is proposed"), CONNECTED (verb_trust_sign) },
    { "show", N_ ("show roots, roles, thresholds, keys and fingerprint"), verb_trust_show, TRUE },
    { "export", N_ ("write the chain of roots into one small file"), verb_trust_export },
    { "import", N_ ("believe a trust root, or follow its chain"), verb_trust_import, TRUE },
    { NULL },
};

int
verb_trust (int argc, char **argv, GError **error)
{
    g_autofree char *name = NULL;
    const VerbSub *sub = verb_find_sub (
        argc, argv,
        N_ ("The trust root: the signed list of keys, roles and thresholds a host believes."),
        sub_verbs, &name, error);

    if (sub == NULL)
        return *error == NULL ? 0 : ERR_USAGE;
    if (sub->alone && !isolate_alone (error))
        return error_exit_status (*error);
    return sub->func (argc - 1, argv + 1, error);
}
