/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/ansible-root.h"

#include "bundle/strictjson.h"
#include "install/ansible-program.h"
#include "install/ansible-unpack.h"
#include "install/json-member.h"
#include "install/load.h"
#include "install/place.h"
#include "install/stored.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT "root"
#define SEAL "seal.json" /* written last: without it nothing there counts */
#define CONFIG "ansible.cfg"
#define HOME "home" /* of the one run that tries it out, which writes there */
#define SEAL_BYTES 65536
#define VERSION_BYTES 4096
#define VERSION_MILLISECONDS 60000

void
ansible_root_free (AnsibleRoot *root)
{
    if (root == NULL)
        return;
    g_free (root->path);
    g_free (root->python);
    g_free (root->playbook);
    g_free (root->version);
    g_free (root);
}

/* "PRODUCT/ansible/HEX", or without PRODUCT. */
static char *
folder_of (const Run *run, const StatementImage *image, gboolean product)
{
    g_autofree char *hex = digest_to_hex (&image->config);
    g_autofree char *below = g_build_filename (ANSIBLE_ROOT_FOLDER, hex, NULL);

    return product ? g_build_filename (run->release->product, below, NULL)
                   : g_steal_pointer (&below);
}

static char *
root_path (const Run *run, const StatementImage *image)
{
    g_autofree char *folder = folder_of (run, image, TRUE);

    return g_build_filename (run->host->state_path, folder, ROOT, NULL);
}

static AnsibleRoot *
root_new (const Run *run, const StatementImage *image, const char *python, const char *playbook)
{
    AnsibleRoot *root = g_new0 (AnsibleRoot, 1);

    root->path = root_path (run, image);
    root->python = g_build_filename (root->path, python, NULL);
    root->playbook = g_build_filename (root->path, playbook, NULL);
    root->image = image->config;
    return root;
}

static gboolean
has_digest (int folder, JsonObject *seal)
{
    autofd int fd = file_open_below (folder, ROOT, O_RDONLY | O_DIRECTORY, NULL);
    const char *text = json_member_string (seal, "digest");
    Digest wanted, found;
    guint64 bytes;

    return fd >= 0 && text != NULL && digest_parse (text, &wanted, NULL) &&
           ansible_unpack_hash (fd, &found, &bytes, NULL) && digest_equal (&found, &wanted);
}

static AnsibleRoot *
read_seal (const Run *run, const StatementImage *image, JsonObject *seal)
{
    const char *python = json_member_string (seal, "python");
    const char *playbook = json_member_string (seal, "playbook");
    const char *version = json_member_string (seal, "ansible-core");
    const char *path = json_member_string (seal, "path");
    g_autofree char *here = root_path (run, image);
    AnsibleRoot *root;

    /* What is written there starts it from where it was. */
    if (python == NULL || playbook == NULL || version == NULL || g_strcmp0 (path, here) != 0)
        return NULL;
    root = root_new (run, image, python, playbook);
    root->version = g_strdup (version);
    return root;
}

AnsibleRoot *
ansible_root_find (const Run *run)
{
    const StatementImage *image = statement_find_ansible (run->statement);
    g_autofree char *name = image != NULL ? folder_of (run, image, TRUE) : NULL;
    autofd int folder =
        name != NULL ? file_open_below (run->host->state_fd, name, O_RDONLY | O_DIRECTORY, NULL)
                     : -1;
    g_autoptr (GBytes) text = folder >= 0 ? file_read_below (folder, SEAL, SEAL_BYTES, NULL) : NULL;
    g_autoptr (JsonNode) node = NULL;
    g_autoptr (AnsibleRoot) root = NULL;
    JsonObject *seal = NULL;

    if (text != NULL)
        seal = strictjson_parse_object (text, SEAL, &node, NULL);
    if (seal != NULL)
        root = read_seal (run, image, seal);
    return root != NULL && has_digest (folder, seal) ? g_steal_pointer (&root) : NULL;
}

static guint64
layer_bytes (const StatementImage *image)
{
    guint64 bytes = 0;

    for (guint i = 0; i < image->layers->len; i++)
        bytes += g_array_index (image->layers, StatementLayer, i).bytes;
    return bytes;
}

static gboolean
gone (const Run *run, const StatementImage *image, GError **error)
{
    return fail (error, ERR_NOT_READY,
                 "image '%s', which carries the Ansible of release %" G_GUINT64_FORMAT
                 ", is not in the engine any more (was it pruned?); install a bundle of that "
                 "content instead",
                 image->name, run->release->release);
}

/* Proven first: nothing of what the engine has is run that was not signed. */
static gboolean
copy_out (Run *run, const StatementImage *image, int dirfd, GError **error)
{
    g_autofree char *id = digest_to_text (load_image_id (run->engine, image));
    gboolean there = FALSE;

    if (!load_check (run->engine, image, id, error) || !engine_sweep (run->engine, error) ||
        !ansible_unpack (run->engine, id, dirfd, layer_bytes (image), run_stopped, run, &there,
                         error))
        return fail_prefix (error, "taking the files out of '%s'", image->name);
    return there || gone (run, image, error);
}

static void
collect (const guint8 *bytes, gsize length, gpointer data)
{
    GString *out = data;

    g_string_append_len (out, (const char *)bytes, (gssize)MIN (length, VERSION_BYTES - out->len));
}

/* That it runs on this kernel is known only by running it. "ansible-playbook [core 2.14.18]" */
static gboolean
try_out (Run *run, AnsibleRoot *root, GError **error)
{
    g_autofree char *folder = g_path_get_dirname (root->path);
    g_autofree char *config = g_strconcat ("ANSIBLE_CONFIG=", folder, "/" CONFIG, NULL);
    g_autofree char *home = g_strconcat ("HOME=", folder, "/" HOME, NULL);
    const char *const path = "PATH=" LAUNCHER_PATH;
    const char *const environment[] = { "LC_ALL=C.UTF-8", path, home, config, NULL };
    const char *const argv[] = { root->python, root->playbook, "--version", NULL };
    const LauncherJob job = { argv, environment, "/", VERSION_MILLISECONDS };
    g_autoptr (GString) out = g_string_new (NULL);
    const char *at;
    int status;

    if (!launcher_run (run->launcher, &job, collect, out, &status, error))
        return FALSE;
    at = strstr (out->str, "[core ");
    if (status == 0 && at != NULL) {
        root->version = g_strndup (at + 6, strcspn (at + 6, "]\n"));
        return TRUE;
    }
    g_strchomp (out->str);
    return fail (error, ERR_NOT_READY,
                 "the Ansible that the release carries does not run here: 'ansible-playbook "
                 "--version' ended with exit code %d: %s",
                 status, out->str);
}

static gboolean
write_seal (int folder, int dirfd, const AnsibleRoot *root, const char *python,
            const char *playbook, GError **error)
{
    g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
    JsonObject *seal = json_object_new ();
    g_autoptr (GBytes) bytes = NULL;
    guint64 length;
    Digest digest;
    char *text;

    json_node_take_object (node, seal);
    if (!ansible_unpack_hash (dirfd, &digest, &length, error))
        return FALSE;
    json_member_set_digest (seal, "digest", &digest);
    json_object_set_string_member (seal, "path", root->path);
    json_object_set_string_member (seal, "python", python);
    json_object_set_string_member (seal, "playbook", playbook);
    json_object_set_string_member (seal, "ansible-core", root->version);
    if (syncfs (dirfd) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot sync '%s'", root->path);
    text = json_to_string (node, FALSE);
    bytes = g_bytes_new_take (text, strlen (text));
    return file_replace (folder, SEAL, bytes, 0644, error);
}

/* The host's own would count otherwise. */
static gboolean
write_config (int folder, const char *root, GError **error)
{
    g_autofree char *above = g_path_get_dirname (root);
    char *text = g_strdup_printf ("[defaults]\nhome = %s/" HOME "\nlocal_tmp = %s/" HOME "/tmp\n",
                                  above, above);
    g_autoptr (GBytes) bytes = g_bytes_new_take (text, strlen (text));

    return file_create (folder, CONFIG, bytes, 0600, error);
}

static AnsibleRoot *
make_in (Run *run, const StatementImage *image, int folder, GError **error)
{
    autofd int dirfd = file_make_below (folder, NULL, ROOT, 0755, error);
    g_autofree char *path = root_path (run, image), *python = NULL, *playbook = NULL;
    g_autoptr (AnsibleRoot) root = NULL;
    if (dirfd < 0 || !write_config (folder, path, error) || !copy_out (run, image, dirfd, error) ||
        !ansible_program_write (dirfd, path, &python, &playbook, error))
        return NULL;
    root = root_new (run, image, python, playbook);
    return try_out (run, root, error) && place_remove_tree (folder, HOME, error) &&
                   write_seal (folder, dirfd, root, python, playbook, error)
               ? g_steal_pointer (&root)
               : NULL;
}

/* Whoever a task becomes may read it, as it may the host's Ansible. */
static int
make_folder (Run *run, const StatementImage *image, GError **error)
{
    g_autofree char *name = folder_of (run, image, FALSE);
    autofd int outer = file_make_below (run->product_fd, NULL, ANSIBLE_ROOT_FOLDER, 0755, error);

    if (outer < 0 || !place_remove_tree (run->product_fd, name, error))
        return -1;
    return file_make_below (run->product_fd, NULL, name, 0755, error);
}

static AnsibleRoot *
make (Run *run, const StatementImage *image, GError **error)
{
    autofd int folder = make_folder (run, image, error);

    return folder >= 0 ? make_in (run, image, folder, error) : NULL;
}

gboolean
ansible_root_open (Run *run, GError **error)
{
    const StatementImage *image = statement_find_ansible (run->statement);

    if (image == NULL || run->ansible != NULL)
        return TRUE;
    run->ansible = ansible_root_find (run);
    if (run->ansible == NULL)
        run->ansible = make (run, image, error);
    return run->ansible != NULL;
}

gboolean
ansible_root_check (Run *run, GError **error)
{
    const StatementImage *image = statement_find_ansible (run->statement);
    g_autofree char *id = NULL;

    if (image == NULL || run->ansible != NULL)
        return TRUE;
    run->ansible = ansible_root_find (run);
    id = digest_to_text (load_image_id (run->engine, image));
    return run->ansible != NULL || load_check (run->engine, image, id, NULL) ||
           gone (run, image, error);
}

gboolean
ansible_root_has (const Host *host, const char *product, const Digest *config)
{
    g_autofree char *hex = digest_to_hex (config);
    g_autofree char *seal = g_build_filename (product, ANSIBLE_ROOT_FOLDER, hex, SEAL, NULL);
    struct stat st;

    return fstatat (host->state_fd, seal, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static gboolean
is_needed (int product_fd, const GArray *kept, const char *hex)
{
    for (guint i = 0; i < kept->len; i++) {
        g_autoptr (Statement) statement =
            stored_statement (product_fd, NULL, g_array_index (kept, guint64, i));
        const StatementImage *image = statement != NULL ? statement_find_ansible (statement) : NULL;
        g_autofree char *own = image != NULL ? digest_to_hex (&image->config) : NULL;

        if (g_strcmp0 (own, hex) == 0)
            return TRUE;
    }
    return FALSE;
}

GPtrArray *
ansible_root_unneeded (int product_fd, const GArray *kept, GError **error)
{
    g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
    autofd int fd =
        openat (product_fd, ANSIBLE_ROOT_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    g_autoptr (GPtrArray) names = NULL;

    if (fd < 0)
        return g_steal_pointer (&paths);
    names = file_list (fd, ANSIBLE_ROOT_FOLDER, error);
    for (guint i = 0; names != NULL && i < names->len; i++)
        if (!is_needed (product_fd, kept, names->pdata[i]))
            g_ptr_array_add (paths, g_build_filename (ANSIBLE_ROOT_FOLDER, names->pdata[i], NULL));
    return names != NULL ? g_steal_pointer (&paths) : NULL;
}

gboolean
ansible_root_remove (int product_fd, const char *path, GError **error)
{
    g_autofree char *seal = g_build_filename (path, SEAL, NULL);

    /* First, so that what is left of an interrupted removal does not count. */
    if (unlinkat (product_fd, seal, 0) < 0 && errno != ENOENT)
        return fail_errno (error, ERR_FAILED, errno, "cannot remove '%s'", seal);
    return place_remove_tree (product_fd, path, error) &&
           ansible_root_remove_empty (product_fd, error);
}

/* A file system that somebody mounted there stays. */
gboolean
ansible_root_remove_empty (int product_fd, GError **error)
{
    if (unlinkat (product_fd, ANSIBLE_ROOT_FOLDER, AT_REMOVEDIR) < 0 && errno != ENOTEMPTY &&
        errno != ENOENT && errno != EBUSY)
        return fail_errno (error, ERR_FAILED, errno, "cannot remove '%s'", ANSIBLE_ROOT_FOLDER);
    return TRUE;
}
