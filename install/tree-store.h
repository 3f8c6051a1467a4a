/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/host.h"
#include "manifest/digest.h"

#include <glib.h>

/* The OSTree repository STATE/ostree, in which each release that is here is a commit with the ref
 * PRODUCT/rN. libostree works in a process of its own, a worker; one that aborts, is killed or
 * answers wrongly is an error of the call under way, never the end of this program. */
typedef struct TreeStore TreeStore;

#define TREE_STORE_FOLDER "ostree"

/* Forks the process that forks the workers. Call after the network is left and before there are
 * threads. */
TreeStore *tree_store_start (GError **error) G_GNUC_WARN_UNUSED_RESULT;
void tree_store_free (TreeStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TreeStore, tree_store_free)

/* The commit that the repository has for a release. FALSE: none. Asks no worker, and can be called
 * without a store. */
gboolean tree_store_find (const Host *host, const char *product, guint64 release, Digest *commit);
/* Removes a repository that has no release at all. */
gboolean tree_store_remove_empty (const Host *host, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A worker for the calls below. It can reach the repository, which is made where it is not there,
 * and what lies below folder_fd (-1: nothing else). ERR_SPACE where the disk is full. */
gboolean tree_store_open (TreeStore *store, const Host *host, int folder_fd,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* How many objects tree_store_open found damaged and removed: of folders and commits alone. */
guint64 tree_store_damaged (const TreeStore *store);
/* Waits until the worker has ended. What was committed and not kept is gone. */
void tree_store_close (TreeStore *store);
/* Did the last worker end before it was told to? */
gboolean tree_store_is_lost (const TreeStore *store);

/* Gives the files of a tree, each in pieces, as bundle_read_tree does: path must have been checked;
 * last comes once for each file. What fails in the worker is told by tree_store_commit. */
gboolean tree_store_add (TreeStore *store, const char *path, gboolean executable, guint64 size,
                         const guint8 *piece, gsize length, gboolean last,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Makes a commit of them; *commit is what libostree says, for the caller to compare. */
gboolean tree_store_commit (TreeStore *store, Digest *commit,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Keeps that commit as the release's, on the medium when this returns. */
gboolean tree_store_keep (TreeStore *store, const char *product, guint64 release,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Lays out a commit as TREE_STORE_FRESH in the folder, which has no such name yet. */
#define TREE_STORE_FRESH "tree.new"
gboolean tree_store_check_out (TreeStore *store, const Digest *commit,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Forgets the release's commit; its objects stay until prune. No error where it has none. */
gboolean tree_store_drop (TreeStore *store, const char *product, guint64 release,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes what no release needs; *freed (bytes) may be NULL. */
gboolean tree_store_prune (TreeStore *store, guint64 *freed,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Reads everything; removes the objects that are not what their names say, and the refs that lead
 * to nothing then. */
gboolean tree_store_mend (TreeStore *store, guint64 *removed,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
