/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/secret.h"
#include "keys/trust-next.h"
#include "keys/verb-trust.h"
#include "manifest/error.h"
#include "manifest/path.h"

typedef struct {
    VerbOutput output;
    char *trust;
    char **hosts, **keys, **signers; /* hosts and keys in pairs */
} Options;

static void
options_clear (Options *options)
{
    g_free (options->trust);
    g_strfreev (options->hosts);
    g_strfreev (options->keys);
    g_strfreev (options->signers);
}

static guint
count (char **list)
{
    return list != NULL ? g_strv_length (list) : 0;
}

static gboolean
check_options (const Options *options, int argc, GError **error)
{
    if (argc != 1)
        return fail (error, ERR_USAGE, "trust add takes no argument; a key is given by --key");
    if (count (options->hosts) == 0 || count (options->keys) != count (options->hosts))
        return fail (error, ERR_USAGE,
                     "trust add needs --host NAME and --key FILE, in pairs: %u and %u were given",
                     count (options->hosts), count (options->keys));
    if (count (options->signers) == 0)
        return fail (error, ERR_USAGE,
                     "a new trust root must be signed: --sign names the root key");
    for (char **host = options->hosts; *host != NULL; host++) {
        g_autoptr (GError) problem = NULL;

        if (!path_check_product (*host, &problem))
            return fail (error, ERR_USAGE, "--host: %s", problem->message);
    }
    return TRUE;
}

static gboolean
add_hosts (const Options *options, Root *next, gboolean *changed, GError **error)
{
    for (guint i = 0; options->hosts[i] != NULL; i++) {
        g_autofree char *line = NULL;
        PublicKey key;

        if (!public_key_load (options->keys[i], &key, error) ||
            !trust_next_add_host (next, options->hosts[i], &key, changed, error))
            return FALSE;
        line = public_key_to_base64 (&key);
        verb_print (&options->output, "Host %s, public key:\n  %s\n", options->hosts[i], line);
    }
    return TRUE;
}

static GPtrArray *
load_signers (const Options *options, GError **error)
{
    g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func ((GDestroyNotify)secret_key_free);

    for (char **path = options->signers; *path != NULL; path++) {
        SecretKey *key = secret_key_load (*path, error);

        if (key == NULL)
            return NULL;
        g_ptr_array_add (keys, key);
        if (secret_key_is_exposed (key))
            verb_warn ("others may read the secret key '%s'; if that is not meant: chmod 600 '%s'",
                       *path, *path);
    }
    return g_steal_pointer (&keys);
}

static void
print_incomplete (const Options *options, const Root *next, guint votes)
{
    verb_print (&options->output,
                "\nNothing is believed yet: trust root %" G_GUINT64_FORMAT " has %u of the %u "
                "votes it needs.\nIt lies in '%s' as %" G_GUINT64_FORMAT
                ".root.yaml.new. Each further holder of a root key:\n"
                "  minisign -S -s ROOT.key -m %s/%" G_GUINT64_FORMAT ".root.yaml.new "
                "-x %s/%" G_GUINT64_FORMAT ".root.yaml.KEYID.minisig\n"
                "then, with all votes there:\n"
                "  mv %s/%" G_GUINT64_FORMAT ".root.yaml.new %s/%" G_GUINT64_FORMAT ".root.yaml\n"
                "  handcarry trust show --trust %s\n",
                next->number, votes, trust_next_threshold (next), options->trust, next->number,
                options->trust, next->number, options->trust, next->number, options->trust,
                next->number, options->trust, next->number, options->trust);
}

static void
print_result (const Options *options, const TrustRoot *trust)
{
    verb_print (&options->output, "\n");
    verb_trust_print (&options->output, trust);
    verb_print (&options->output,
                "\nCompare each public key with what 'handcarry have' showed on the host.\n"
                "Every bundle packed with '%s' from now on brings this root to the hosts.\n",
                options->trust);
}

static gboolean
run (const Options *options, GError **error)
{
    g_autoptr (TrustRoot) trust = trust_load (options->trust, error);
    g_autoptr (Root) next = trust != NULL ? trust_next_new (trust, error) : NULL;
    g_autoptr (TrustRoot) proven = NULL;
    g_autoptr (SignedRoot) root = NULL;
    g_autoptr (GPtrArray) signers = NULL;
    gboolean changed = FALSE;

    if (next == NULL || !add_hosts (options, next, &changed, error))
        return FALSE;
    if (!changed) {
        verb_print (&options->output,
                    "Trust root %" G_GUINT64_FORMAT " in '%s' has it already; nothing was done.\n",
                    trust_number (trust), options->trust);
        return TRUE;
    }
    signers = load_signers (options, error);
    root = signers != NULL ? trust_next_sign (next, signers, error) : NULL;
    if (root == NULL || !trust_next_store (trust, root, options->trust, &proven, error))
        return FALSE;
    if (proven != NULL)
        print_result (options, proven);
    else
        print_incomplete (options, next, root->votes->len);
    return TRUE;
}

int
verb_trust_add (int argc, char **argv, GError **error)
{
    __attribute__ ((cleanup (options_clear))) Options options = { 0 };
    const GOptionEntry entries[] = {
        { "host", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.hosts,
          "the host's name, as 'handcarry have' shows it (may be repeated)", "NAME" },
        { "key", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.keys,
          "its public key: host.pub, or FILE.pub beside a have file (once for each --host)",
          "FILE" },
        { "sign", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.signers,
          "a root key to sign the new trust root with (may be repeated)", "KEY" },
        { "trust", 0, 0, G_OPTION_ARG_FILENAME, &options.trust, "the trust folder; default: trust",
          "DIR" },
        { NULL },
    };

    if (!verb_parse (&argc, &argv, "",
                     "Makes the next trust root, in which the keys of hosts are enrolled: have "
                     "files that they signed count from then on. Signed by a root key; where the "
                     "trust root asks for more votes, says how they are given. Overwrites nothing.",
                     entries, &options.output, FALSE, error) ||
        !check_options (&options, argc, error))
        return ERR_USAGE;
    if (options.trust == NULL)
        options.trust = g_strdup ("trust");
    return run (&options, error) ? 0 : error_exit_status (*error);
}
