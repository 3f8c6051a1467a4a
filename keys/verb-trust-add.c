/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/root-change.h"
#include "keys/verb-trust-change.h"
#include "keys/verb-trust.h"
#include "manifest/error.h"

typedef struct {
    TrustChange change;
    char **hosts, **keys; /* in pairs */
    char **roles, **products, **sites;
    char *signs, *threshold;
} Options;

static void
options_clear (Options *options)
{
    trust_change_clear (&options->change);
    g_strfreev (options->hosts);
    g_strfreev (options->keys);
    g_strfreev (options->roles);
    g_strfreev (options->products);
    g_strfreev (options->sites);
    g_free (options->signs);
    g_free (options->threshold);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static guint
count (char **list)
{
    return list != NULL ? g_strv_length (list) : 0;
}

static gboolean
check_hosts (const Options *options, int argc, GError **error)
{
    if (argc != 1 || count (options->roles) > 0)
        return fail (error, ERR_USAGE,
                     "trust add --host NAME --key FILE takes no argument and no --role: hosts sign "
                     "receipts");
    if (count (options->keys) != count (options->hosts))
        return fail (error, ERR_USAGE,
                     "trust add needs --host NAME and --key FILE in pairs: %u and %u were given",
                     count (options->hosts), count (options->keys));
    return trust_change_check_names ("--host", options->hosts, error);
}

static gboolean
check_person (const Options *options, int argc, char **argv, GError **error)
{
    if (count (options->roles) == 0)
        return fail (
            error, ERR_USAGE,
            "trust add needs NAME --key FILE --role ROLE for somebody's key, or --host NAME "
            "and --key FILE in pairs for the keys of hosts");
    if (argc > 2 || count (options->keys) > (guint)argc - 1)
        return fail (error, ERR_USAGE, "trust add takes one NAME with one --key FILE");
    return trust_change_check_names ("NAME", argv + 1, error) &&
           trust_change_check_names ("--role", options->roles, error) &&
           trust_change_check_names ("--product", options->products, error) &&
           trust_change_check_names ("--site", options->sites, error);
}

static gboolean
load_key (const Options *options, guint at, const char *name, PublicKey *key, GError **error)
{
    g_autofree char *line = NULL;

    if (!public_key_load (options->keys[at], key, error))
        return FALSE;
    line = public_key_to_base64 (key);
    verb_print (&options->change.output, "%s %s, public key:\n  %s\n",
                options->hosts != NULL ? "Host" : "Key", name, line);
    return TRUE;
}

static gboolean
add_hosts (const Options *options, Root *next, gboolean *changed, GError **error)
{
    for (guint i = 0; options->hosts[i] != NULL; i++) {
        PublicKey key;

        if (!load_key (options, i, options->hosts[i], &key, error) ||
            !root_change_add_host (next, options->hosts[i], &key, changed, error))
            return FALSE;
    }
    if (*changed)
        verb_print (&options->change.output,
                    "Compare each public key with what 'handcarry have' showed on the host.\n\n");
    return TRUE;
}

static gboolean
describe_role (const Options *options, RoleChange *role, GError **error)
{
    g_autofree char *shown = error_quote (options->signs != NULL ? options->signs : "");
    g_autofree char *other = NULL;

    role->products = options->products;
    role->sites = options->sites;
    if (options->threshold != NULL &&
        !trust_change_parse_threshold (options->threshold, &other, &role->threshold, error))
        return FALSE;
    if (other != NULL)
        return fail (error, ERR_USAGE, "--threshold takes a number here: it is for each --role");
    role->has_signs = options->signs != NULL;
    return options->signs == NULL || root_signs_parse (options->signs, &role->signs) ||
           fail (error, ERR_USAGE, "--signs is '%s'; expected statement, packing, root or receipt",
                 shown);
}

/* name NULL: only the roles are made or changed. */
static gboolean
add_to_roles (const Options *options, Root *next, const char *name, gboolean *changed,
              GError **error)
{
    RoleChange role = { .key = name };
    PublicKey key;

    if (!describe_role (options, &role, error))
        return FALSE;
    if (options->keys != NULL && (!load_key (options, 0, name, &key, error) ||
                                  !root_change_add_key (next, name, &key, changed, error)))
        return FALSE;
    for (char **each = options->roles; *each != NULL; each++) {
        role.name = *each;
        if (!root_change_role (next, &role, changed, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
run (Options *options, const char *name, GError **error)
{
    g_autoptr (Proposal) proposal = trust_change_open (&options->change, error);
    gboolean changed = FALSE;

    if (proposal == NULL ||
        !(options->hosts != NULL ? add_hosts (options, proposal->root, &changed, error)
                                 : add_to_roles (options, proposal->root, name, &changed, error)))
        return FALSE;
    return trust_change_finish (&options->change, proposal, changed, error);
}

int
verb_trust_add (int argc, char **argv, GError **error)
{
    g_auto (Options) options = { 0 };
    const GOptionEntry entries[] = {
        { "key", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.keys,
          "the public key, FILE.pub; without it NAME is a key that is listed already", "FILE" },
        { "role", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.roles,
          "the role it joins (may be repeated); made where it is new", "ROLE" },
        { "signs", 0, 0, G_OPTION_ARG_STRING, &options.signs,
          "what a new role signs: statement, packing, root or receipt", "KIND" },
        { "threshold", 0, 0, G_OPTION_ARG_STRING, &options.threshold,
          "how many of its keys must vote; 1 for a new role", "K" },
        { "product", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.products,
          "the role may sign this product only (may be repeated)", "NAME" },
        { "site", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.sites,
          "the role is asked at this site only (may be repeated)", "NAME" },
        { "host", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.hosts,
          "instead of NAME: a host, as 'handcarry have' shows it, with --key host.pub (may be "
          "repeated in pairs)",
          "NAME" },
        TRUST_CHANGE_ENTRIES (&options.change),
        { NULL },
    };

    if (!verb_parse (&argc, &argv, "[NAME] --role ROLE",
                     "Gives somebody's key a role, or changes what a role asks for. With --host: "
                     "enrols the keys of hosts, whose have files and receipts count from then "
                     "on. " TRUST_CHANGE_HELP,
                     entries, &options.change.output, FALSE, error) ||
        !(options.hosts != NULL ? check_hosts (&options, argc, error)
                                : check_person (&options, argc, argv, error)))
        return ERR_USAGE;
    return run (&options, argc > 1 ? argv[1] : NULL, error) ? 0 : error_exit_status (*error);
}
