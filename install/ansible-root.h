/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/run.h"

#include <glib.h>

/* The files of the image that carries Ansible, as they lie on this host in
 * STATE/PRODUCT/ansible/CONFIG-DIGEST/ (install/FORMAT.md): handcarry copies them out of the engine
 * once and needs neither engine nor mount to run a playbook from then on. */

#define ANSIBLE_ROOT_FOLDER "ansible"

typedef struct AnsibleRoot {
    char *path;     /* absolute, of the root file system */
    char *python;   /* absolute, of the program that starts its Python */
    char *playbook; /* absolute, of ansible-playbook */
    char *version;  /* of ansible-core */
    Digest image;   /* config digest */
} AnsibleRoot;

void ansible_root_free (AnsibleRoot *root);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnsibleRoot, ansible_root_free)

/* That of run's release, byte for byte as it was copied out; NULL where it is not. Looks only. */
AnsibleRoot *ansible_root_find (const Run *run);
/* Is it, or can it be copied out of the engine? ERR_NOT_READY; TRUE where the release carries none.
 * Looks only. */
gboolean ansible_root_check (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Was that image's Ansible copied out for this product? Quick: nothing is compared. */
gboolean ansible_root_has (const Host *host, const char *product, const Digest *config);
/* Fills run->ansible where the release carries Ansible; copied out anew where it is not whole. */
gboolean ansible_root_open (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The paths below STATE/PRODUCT (char *) that none of these releases (guint64) needs. */
GPtrArray *ansible_root_unneeded (int product_fd, const GArray *kept,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes one of those, and the folder around them where it is empty. */
gboolean ansible_root_remove (int product_fd, const char *path,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean ansible_root_remove_empty (int product_fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;
