/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/registry-certs.h"

#include "bundle/reference.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#define SYSTEM_AUTHORITIES "/etc/ssl/certs/ca-certificates.crt"
#define CERTIFICATES_BYTES (8 * 1024 * 1024)

/* Folders that hold HOST[:PORT]/; the user's own first. */
static GPtrArray *
folders (const char *host)
{
    const char *const tops[] = { "/etc/containers", "/etc/docker" };
    const char *const own[] = { "containers", "docker" };
    const char *config = g_getenv ("XDG_CONFIG_HOME");
    g_autofree char *home = config != NULL && *config != '\0'
                                ? g_strdup (config)
                                : g_build_filename (g_get_home_dir (), ".config", NULL);
    GPtrArray *list = g_ptr_array_new_with_free_func (g_free);

    for (gsize i = 0; i < G_N_ELEMENTS (own); i++)
        g_ptr_array_add (list, g_build_filename (home, own[i], "certs.d", host, NULL));
    for (gsize i = 0; i < G_N_ELEMENTS (tops); i++)
        g_ptr_array_add (list, g_build_filename (tops[i], "certs.d", host, NULL));
    return list;
}

/* Docker's rule: what is called NAME.cert has its key in NAME.key beside it. */
static gboolean
take_client (HostCerts *certs, int dirfd, const char *folder, const char *name, GError **error)
{
    g_autofree char *stem = g_strndup (name, strlen (name) - strlen (".cert"));
    g_autofree char *key = g_strconcat (stem, ".key", NULL);

    if (certs->certificate != NULL)
        return TRUE;
    if (faccessat (dirfd, key, F_OK, 0) < 0)
        return fail_errno (error, ERR_FAILED, errno, "'%s/%s' needs its key '%s/%s'", folder, name,
                           folder, key);
    certs->certificate = g_build_filename (folder, name, NULL);
    certs->key = g_build_filename (folder, key, NULL);
    return TRUE;
}

static gboolean
take_authority (GByteArray *pem, int dirfd, const char *folder, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename (folder, name, NULL);
    g_autoptr (GBytes) text = file_read_given (path, CERTIFICATES_BYTES, error);

    if (text == NULL)
        return FALSE;
    if (g_strstr_len (g_bytes_get_data (text, NULL), (gssize)g_bytes_get_size (text),
                      "-----BEGIN CERTIFICATE-----") == NULL)
        return fail (error, ERR_FORMAT, "'%s' is no certificate in PEM form", path);
    g_byte_array_append (pem, (const guint8 *)"\n", 1);
    g_byte_array_append (pem, g_bytes_get_data (text, NULL), (guint)g_bytes_get_size (text));
    return TRUE;
}

static gboolean
take_folder (HostCerts *certs, GByteArray *pem, const char *folder, GError **error)
{
    autofd int dirfd = openat (AT_FDCWD, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    g_autoptr (GPtrArray) names = NULL;

    if (dirfd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return TRUE;
    if (dirfd < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot open '%s'", folder);
    names = file_list (dirfd, folder, error);
    if (names == NULL)
        return FALSE;
    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];

        if (g_str_has_suffix (name, ".crt") && !take_authority (pem, dirfd, folder, name, error))
            return FALSE;
        if (g_str_has_suffix (name, ".cert") && !take_client (certs, dirfd, folder, name, error))
            return FALSE;
    }
    return TRUE;
}

/* libcurl takes one file: one without a name, with the system's CAs first. */
static gboolean
make_file (HostCerts *certs, const char *system, const GByteArray *pem, GError **error)
{
    g_autoptr (GBytes) known = NULL;

    if (faccessat (AT_FDCWD, system, R_OK, 0) == 0) {
        known = file_read_given (system, CERTIFICATES_BYTES, error);
        if (known == NULL)
            return FALSE;
    }
    certs->fd = memfd_create ("authorities", MFD_CLOEXEC);
    if (certs->fd < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot make a file for certificates");
    if (known != NULL &&
        !file_write_all (certs->fd, "a file for certificates", g_bytes_get_data (known, NULL),
                         g_bytes_get_size (known), error))
        return FALSE;
    certs->authorities = g_strdup_printf ("/proc/self/fd/%d", certs->fd);
    return file_write_all (certs->fd, "a file for certificates", pem->data, pem->len, error);
}

HostCerts *
host_certs_read (const char *host, GError **error)
{
    g_autoptr (HostCerts) certs = g_new0 (HostCerts, 1);
    g_autoptr (GByteArray) pem = g_byte_array_new ();
    g_autoptr (GPtrArray) list = folders (host);
    const char *system = g_getenv ("SSL_CERT_FILE");

    certs->fd = -1;
    if (system != NULL && *system != '\0')
        certs->authorities = g_strdup (system);
    /* A redirect may name anything, and "..", too, is a host to libcurl. */
    for (guint i = 0; i < list->len && image_reference_is_host (host); i++)
        if (!take_folder (certs, pem, list->pdata[i], error))
            return NULL;
    if (pem->len == 0)
        return g_steal_pointer (&certs);
    g_clear_pointer (&certs->authorities, g_free);
    if (!make_file (certs, system != NULL && *system != '\0' ? system : SYSTEM_AUTHORITIES, pem,
                    error))
        return NULL;
    return g_steal_pointer (&certs);
}

void
host_certs_free (HostCerts *certs)
{
    if (certs == NULL)
        return;
    file_clear_fd (&certs->fd);
    g_free (certs->authorities);
    g_free (certs->certificate);
    g_free (certs->key);
    g_free (certs);
}
