/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/launcher.h"
#include "manifest/release.h"

#include <glib.h>

/* The host's side of an install: its folders, its lock, who it is, and its values. */

typedef struct {
    char *state_path;  /* ROOT/var/lib/handcarry */
    char *etc_path;    /* ROOT/etc/handcarry */
    int state_fd;      /* -1 where the folder is not there */
    int lock_fd;       /* -1 until locked */
    char *site, *name; /* from host.yaml; NULL where it does not say */
    GHashTable *said;  /* what programs gave for values, under their command lines */
} Host;

#define HOST_STATE_FOLDER "var/lib/handcarry"

/* root: --root, or NULL. With create the state folder is made. */
Host *host_open (const char *root, gboolean create, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void host_free (Host *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Host, host_free)

/* Is there a state, which the first trust root made? ERR_NOT_READY where it is lost. One bad copy
 * of it becomes a note (char *); notes may be NULL. */
gboolean host_check_state (const Host *host, GPtrArray *notes,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The name of this host as a key in a trust root can be named: "WS_3.plant" is "ws-3-plant". Caller
 * frees. */
char *host_key_name (const Host *host, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* One lock for all products, held until host_free. ERR_BUSY at once where another run has it. */
gboolean host_lock (Host *host, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Does another process hold the lock? Where that cannot be told: FALSE. */
gboolean host_is_busy (const Host *host);
/* The product's own folder below the state folder, made where it is not there by
 * who holds the lock. */
int host_open_product (const Host *host, const char *product,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Is the release meant for this host (ERR_POLICY)? */
gboolean host_check_target (const Host *host, const Release *release,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* May a release place something there (ERR_POLICY)? Not in handcarry's own folders: who may sign a
 * release may not give out keys, values or state. Not in what the kernel keeps. */
gboolean host_check_place (const Host *host, const char *path,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
    char *name, *text;
    gboolean secret;
} HostValue;

/* ETC/values/PRODUCT.yaml. Caller frees. */
char *host_values_path (const Host *host, const char *product);
/* What stands in it (ValueGiven, install/values-file.h); nothing where there is no such file. */
GPtrArray *host_values_given (const Host *host, const char *product,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The value of each declared name: from there, else its default. launcher runs the programs that
 * give some. Missing ones are ERR_NOT_READY with the lines to add, and command, which does it.
 * HostValue elements. */
GPtrArray *host_values (const Host *host, const Release *release, Launcher *launcher,
                        const char *command, GError **error) G_GNUC_WARN_UNUSED_RESULT;
const char *host_value_find (GPtrArray *values, const char *name, gsize length);
