/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/root-change.h"
#include "keys/trust-folder.h"
#include "keys/verb-trust-change.h"
#include "keys/verb-trust.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* "NAME=VALUE"; both are filled in only where there is a '='. */
static gboolean
split (const char *option, const char *text, char **name, const char **value, GError **error)
{
    const char *equals = strchr (text, '=');
    g_autofree char *shown = error_quote (text);
    char *names[] = { NULL, NULL };

    if (equals == NULL)
        return fail (error, ERR_USAGE, "%s is '%s'; expected NAME=…", option, shown);
    *name = names[0] = g_strndup (text, (gsize)(equals - text));
    *value = equals + 1;
    return trust_change_check_names (option, names, error);
}

static gboolean
add_key (Root *root, const char *option, const char *text, char **name, GError **error)
{
    gboolean changed = FALSE;
    const char *file = NULL;
    PublicKey key;

    if (!split (option, text, name, &file, error) || !public_key_load (file, &key, error) ||
        !root_change_add_key (root, *name, &key, &changed, error))
        return FALSE;
    return changed || fail (error, ERR_USAGE, "key '%s' is given twice", *name);
}

static gboolean
add_root_role (Root *root, const TrustInitKeys *given, GError **error)
{
    guint n = g_strv_length (given->roots), threshold = n / 2 + 1;
    RootRole *role;
    g_autofree char *other = NULL;

    if (given->threshold != NULL &&
        !trust_change_parse_threshold (given->threshold, &other, &threshold, error))
        return fail_prefix (error, "--root-threshold");
    if (other != NULL || threshold > n)
        return fail (error, ERR_USAGE,
                     "--root-threshold is '%s'; expected a number up to %u, which is how many root "
                     "keys there are",
                     given->threshold, n);
    role = root_add_role (root, "root", SIGNS_ROOT, threshold);
    for (char **text = given->roots; *text != NULL; text++) {
        g_autofree char *name = NULL;

        if (!add_key (root, "--root", *text, &name, error))
            return FALSE;
        g_ptr_array_add (role->keys, (gpointer)root_find_key (root, name));
    }
    return TRUE;
}

/* "human:statement:2" of --role human:statement:2=anna,bert,carl. */
static gboolean
parse_role_head (const char *head, RoleChange *role, char **name, GError **error)
{
    g_auto (GStrv) words = g_strsplit (head, ":", -1);
    g_autofree char *shown = error_quote (head);
    guint n = g_strv_length (words);
    guint64 threshold = 1;

    if (n < 2 || n > 3 || !root_signs_parse (words[1], &role->signs) || role->signs == SIGNS_ROOT ||
        (n == 3 && !g_ascii_string_to_unsigned (words[2], 10, 1, LIMIT_VOTES, &threshold, NULL)))
        return fail (error, ERR_USAGE,
                     "--role is '%s=…'; expected ROLE:SIGNS[:K]=KEY,KEY… where SIGNS is statement, "
                     "packing or receipt and K is how many of the keys must vote",
                     shown);
    role->has_signs = TRUE;
    role->threshold = (guint)threshold;
    *name = g_strdup (words[0]);
    return TRUE;
}

static gboolean
add_role (Root *root, const TrustInitKeys *given, const char *text, GError **error)
{
    const char *equals = strchr (text, '=');
    g_autofree char *head =
        equals != NULL ? g_strndup (text, (gsize)(equals - text)) : g_strdup (text);
    g_auto (GStrv) keys = g_strsplit (equals != NULL ? equals + 1 : "", ",", -1);
    g_autofree char *name = NULL;
    char *names[] = { NULL, NULL };
    RoleChange role = { 0 };
    gboolean changed = FALSE;

    if (!parse_role_head (head, &role, &name, error))
        return FALSE;
    role.name = names[0] = name;
    if (root_find_role (root, name) != NULL)
        return fail (error, ERR_USAGE, "role '%s' is given twice", name);
    role.products = role.signs != SIGNS_RECEIPT ? given->products : NULL;
    for (char **key = keys; *key != NULL; key++) {
        role.key = *key;
        if (!root_change_role (root, &role, &changed, error))
            return fail_prefix (error, "--role %s", name);
    }
    return trust_change_check_names ("--role", names, error);
}

static gboolean
has_signing (const Root *root, RoleSigns signs, const char *example, GError **error)
{
    return root_find_signing (root, signs) != NULL ||
           fail (error, ERR_USAGE,
                 "no role signs the %s, so nothing could be installed; for example: %s",
                 root_signs_name (signs), example);
}

static gboolean
fill (Root *root, const TrustInitKeys *given, GError **error)
{
    root->number = 1;
    if (given->roots == NULL)
        return fail (error, ERR_USAGE,
                     "--key and --role need --root NAME=FILE.pub, once for each who holds a root "
                     "key");
    if (!add_root_role (root, given, error))
        return FALSE;
    for (char **text = given->keys; text != NULL && *text != NULL; text++) {
        g_autofree char *name = NULL;

        if (!add_key (root, "--key", *text, &name, error))
            return FALSE;
    }
    for (char **text = given->roles; text != NULL && *text != NULL; text++)
        if (!add_role (root, given, *text, error))
            return FALSE;
    return has_signing (root, SIGNS_STATEMENT, "--key ci=ci.pub --role ci:statement=ci", error) &&
           has_signing (root, SIGNS_PACKING, "--role pack:packing=ci", error) &&
           root_change_check (root, error);
}

/* A root key that signs releases too lies on machines where it is stolen with them. */
static void
warn_of_double_use (const Root *root)
{
    const RootRole *of_root = root_find_signing (root, SIGNS_ROOT);

    for (guint i = 0; i < of_root->keys->len; i++) {
        const RootKey *key = of_root->keys->pdata[i];
        g_autoptr (GPtrArray) roles = trust_change_roles_of (root, key);

        if (roles->len > 1)
            verb_warn ("'%s' is a root key and signs releases too; a root key is used at a "
                       "ceremony only, so that it can lie in a safe",
                       key->name);
    }
}

/* For people and for minisign; one that is there and equal is fine. */
static gboolean
write_public_keys (const Root *root, const char *dir, GError **error)
{
    autofd int fd = file_open_dir_given (dir, error);

    for (guint i = 0; fd >= 0 && i < root->keys->len; i++) {
        const RootKey *key = root->keys->pdata[i];
        g_autofree char *name = g_strconcat (key->name, ".pub", NULL);
        g_autoptr (GBytes) text = public_key_write (&key->key);

        if (!file_replace (fd, name, text, 0644, error))
            return FALSE;
    }
    return fd >= 0;
}

static gboolean
check_free (const char *dir, GError **error)
{
    if (mkdirat (AT_FDCWD, dir, 0755) < 0 && errno != EEXIST)
        return fail_errno (error, ERR_FAILED, errno, "cannot make the folder '%s'", dir);
    if (trust_folder_has_root (dir))
        return fail (error, ERR_FAILED,
                     "'%s' holds a trust root already, and one is never overwritten", dir);
    return !trust_folder_has (dir, 1, TRUE) ||
           fail (error, ERR_FAILED,
                 "'%s' holds a first trust root that waits for votes: change it with trust add, "
                 "retire or rotate, sign it with trust sign, or remove its '1.root.yaml.new'",
                 dir);
}

gboolean
verb_trust_init_of_keys (const TrustChange *change, const TrustInitKeys *given, GError **error)
{
    g_autoptr (Root) root = root_new ();
    g_autoptr (Proposal) proposal = NULL;
    gboolean complete;

    if (!fill (root, given, error) || !check_free (change->trust, error))
        return FALSE;
    warn_of_double_use (root);
    proposal = proposal_new_first (change->trust, g_steal_pointer (&root), error);
    if (proposal == NULL)
        return FALSE;
    trust_change_show (&change->output, proposal);
    return verb_trust_begin_state (change->trust, NULL, error) &&
           trust_change_sign (proposal, change->signers, error) &&
           write_public_keys (proposal->root, change->trust, error) &&
           trust_change_store (&change->output, proposal, &complete, error);
}
