/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/host.h"

#include "install/receipt-chain.h"
#include "install/twice.h"
#include "install/values-source.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/path.h"
#include "manifest/yaml.h"
#include "manifest/message.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_MODE 0755
#define HOST_FILE "host.yaml"

static gboolean
take_key (const YamlNode *key, const YamlNode *value, const char *name, Host *host, GError **error)
{
    char **to = strcmp (key->text, "site") == 0   ? &host->site
                : strcmp (key->text, "name") == 0 ? &host->name
                                                  : NULL;

    if (to == NULL)
        return yaml_fail (key, name, error, "unknown key; expected 'site' and 'name'");
    if (value->kind != YAML_NODE_SCALAR || *value->text == '\0')
        return yaml_fail (value, name, error, "'%s' must be a text", key->text);
    *to = g_strdup (value->text);
    return TRUE;
}

/* A file of the host that may be missing: *text is NULL then. */
static gboolean
read_optional (const char *path, GBytes **text, GError **error)
{
    struct stat st;

    *text = NULL;
    if (fstatat (AT_FDCWD, path, &st, 0) < 0 && (errno == ENOENT || errno == ENOTDIR))
        return TRUE;
    *text = file_read_given (path, LIMIT_YAML_BYTES, error);
    return *text != NULL;
}

static gboolean
read_identity (Host *host, GError **error)
{
    g_autofree char *path = g_build_filename (host->etc_path, HOST_FILE, NULL);
    g_autoptr (YamlNode) node = NULL;
    g_autoptr (GBytes) text = NULL;

    if (!read_optional (path, &text, error))
        return FALSE;
    if (text == NULL)
        return TRUE;
    node = yaml_parse (text, path, error);
    if (node == NULL)
        return FALSE;
    if (node->kind != YAML_NODE_MAP)
        return yaml_fail (node, path, error, "expected 'site: …' and 'name: …'");
    for (guint i = 0; i < node->keys->len; i++)
        if (!take_key (g_ptr_array_index (node->keys, i), g_ptr_array_index (node->values, i), path,
                       host, error))
            return FALSE;
    return TRUE;
}

static gboolean
open_state (Host *host, gboolean create, GError **error)
{
    if (create && g_mkdir_with_parents (host->state_path, STATE_MODE) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot make '%s'", host->state_path);
    host->state_fd = openat (AT_FDCWD, host->state_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (host->state_fd < 0 && create)
        return fail_errno (error, ERR_FAILED, errno, "cannot open '%s'", host->state_path);
    /* Whatever the umask: plain users may read what is not secret. */
    if (create && fchmod (host->state_fd, STATE_MODE) < 0)
        return fail_errno (error, ERR_FAILED, errno,
                           errno == EPERM ? "cannot use '%s' (only root may)" : "cannot use '%s'",
                           host->state_path);
    return TRUE;
}

Host *
host_open (const char *root, gboolean create, GError **error)
{
    g_autoptr (Host) host = g_new0 (Host, 1);
    /* Programs that run elsewhere get these paths too. */
    g_autofree char *prefix = g_canonicalize_filename (root != NULL ? root : "/", NULL);

    host->state_fd = host->lock_fd = -1;
    host->said = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, value_source_free);
    host->state_path = g_build_filename (prefix, HOST_STATE_FOLDER, NULL);
    host->etc_path = g_build_filename (prefix, "etc/handcarry", NULL);
    if (!open_state (host, create, error) || !read_identity (host, error))
        return NULL;
    return g_steal_pointer (&host);
}

void
host_free (Host *host)
{
    if (host == NULL)
        return;
    file_clear_fd (&host->state_fd);
    file_clear_fd (&host->lock_fd);
    g_free (host->state_path);
    g_free (host->etc_path);
    g_free (host->site);
    g_free (host->name);
    g_hash_table_unref (host->said);
    g_free (host);
}

/* trust.md 118: what goes on here is said where a person looks, and stands in the next receipt. */
static void
note_records (const Host *host, const Records *records, GPtrArray *notes)
{
    char *newest = receipt_chain_judge_newest (host->state_fd, records);

    if (records->note != NULL)
        g_ptr_array_add (notes, g_strdup (records->note));
    if (newest != NULL)
        g_ptr_array_add (notes, newest);
}

/* trust.md 115: without this, who removes a folder may install any old release. */
gboolean
host_check_state (const Host *host, GPtrArray *notes, GError **error)
{
    g_autoptr (Records) records = NULL;

    if (host->state_fd >= 0 && !records_read (host->state_fd, &records, error))
        return FALSE;
    if (records != NULL && notes != NULL)
        note_records (host, records, notes);
    if (records != NULL)
        return TRUE;
    return fail (
        error, ERR_NOT_READY,
        "this host believes a trust root, but '%s' does not say what was installed: it was "
        "lost, so nothing is done\n" RECORDS_NEXT,
        host->state_path);
}

char *
host_key_name (const Host *host, GError **error)
{
    const char *from = host->name != NULL ? host->name : g_get_host_name ();
    GString *name = g_string_new (NULL);

    for (; *from != '\0'; from++) {
        if (g_ascii_isalnum (*from))
            g_string_append_c (name, g_ascii_tolower (*from));
        else if (name->len > 0 && name->str[name->len - 1] != '-')
            g_string_append_c (name, '-');
    }
    if (name->len > 0 && name->str[name->len - 1] == '-')
        g_string_truncate (name, name->len - 1);
    if (name->len == 0) {
        g_string_free (name, TRUE);
        return fail_null (error, ERR_NOT_READY,
                          "this host has no name that a key can have; write 'name: NAME' into "
                          "'%s/host.yaml'",
                          host->etc_path);
    }
    return g_string_free (name, FALSE);
}

/* An open file description lock ends with the process, however it ends: nothing stale is left. */
gboolean
host_lock (Host *host, GError **error)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    autofd int fd =
        openat (host->state_fd, ".lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot open '%s/.lock'", host->state_path);
    if (fcntl (fd, F_OFD_SETLK, &lock) < 0) {
        if (errno == EAGAIN || errno == EACCES)
            return fail (error, ERR_BUSY, "another run of handcarry holds '%s/.lock'",
                         host->state_path);
        return fail_errno (error, ERR_FAILED, errno, "cannot lock '%s/.lock'", host->state_path);
    }
    host->lock_fd = file_steal_fd (&fd);
    return twice_sweep (host->state_fd, RECORDS_NAME, error);
}

gboolean
host_is_busy (const Host *host)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    autofd int fd = host->state_fd >= 0
                        ? openat (host->state_fd, ".lock", O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
                        : -1;

    return fd >= 0 && fcntl (fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

int
host_open_product (const Host *host, const char *product, GError **error)
{
    gboolean may_make = host->lock_fd >= 0;
    int fd;

    if (path_is_taken (product)) {
        fail (error, ERR_POLICY, "'%s' is a folder of handcarry's own, not a product", product);
        return -1;
    }
    fd = may_make ? file_make_below (host->state_fd, host->state_path, product, 0700, error)
                  : file_open_below (host->state_fd, product, O_RDONLY | O_DIRECTORY, error);
    if (fd >= 0 && may_make && fchmod (fd, STATE_MODE) < 0) {
        fail_errno (error, ERR_FAILED, errno, "cannot open '%s/%s' to readers", host->state_path,
                    product);
        file_clear_fd (&fd);
    }
    return fd;
}

static gboolean
in_list (char **list, const char *what, const char *key, const char *mine, const char *etc,
         GError **error)
{
    g_autofree char *all = NULL, *shown = NULL;

    if (list == NULL || (mine != NULL && g_strv_contains ((const char *const *)list, mine)))
        return TRUE;
    all = g_strjoinv (", ", list);
    shown = mine != NULL ? error_quote (mine) : message_printf ("not set");
    return fail (error, ERR_POLICY,
                 "this release is for the %s %s; here it is %s ('%s' in %s/host.yaml)", what, all,
                 shown, key, etc);
}

gboolean
host_check_target (const Host *host, const Release *release, GError **error)
{
    return in_list (release->sites, "sites", "site", host->site, host->etc_path, error) &&
           in_list (release->hosts, "hosts", "name", host->name, host->etc_path, error);
}

/* Is the one the other, or inside of it? A '/' at the end does not count. */
static gboolean
lies_in (const char *path, const char *folder)
{
    gsize length = strlen (folder);

    while (length > 1 && folder[length - 1] == '/')
        length--;
    return strncmp (path, folder, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

gboolean
host_check_place (const Host *host, const char *path, GError **error)
{
    const char *const kept[] = {
        host->etc_path, host->state_path, "/etc/handcarry", "/var/lib/handcarry",
        "/proc",        "/sys",           "/dev",
    };

    /* A folder that is replaced as a whole takes what lies in it along. */
    for (guint i = 0; i < G_N_ELEMENTS (kept); i++)
        if (lies_in (path, kept[i]) || lies_in (kept[i], path))
            return fail (error, ERR_POLICY,
                         "'%s' is not for a release: '%s' is handcarry's or the kernel's own; "
                         "choose another target",
                         path, kept[i]);
    return TRUE;
}
