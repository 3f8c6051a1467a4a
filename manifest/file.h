/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* A descriptor that closes itself at the end of its scope (GLib has g_autofd only from 2.76). */
#define autofd __attribute__ ((cleanup (file_clear_fd)))
void file_clear_fd (int *fd);
/* Takes the descriptor out of the variable, so that it is not closed there. */
int file_steal_fd (int *fd);

/* Opens a path given by the user on the command line (symlinks are followed: it is the user's
 * own word). Refuses what is not a regular file. Returns a descriptor or -1. */
int file_open_given (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Opens a directory given by the user. */
int file_open_dir_given (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Opens a relative path strictly below dirfd: no symlinks in any component, no escape
 * (kernel_open_below()). flags are those of open(2). */
int file_open_below (int dirfd, const char *path, int flags,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads a whole regular file of at most limit bytes; a longer one is ERR_FORMAT. */
GBytes *file_read_given (const char *path, gsize limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *file_read_below (int dirfd, const char *path, gsize limit,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *file_read_fd (int fd, const char *name, gsize limit,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads exactly length bytes at offset; a file that ends early is ERR_FORMAT. name is for the
 * message. */
gboolean file_pread_all (int fd, const char *name, void *buffer, gsize length, guint64 offset,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean file_write_all (int fd, const char *name, const void *data, gsize length,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean file_pwrite_all (int fd, const char *name, const void *data, gsize length, guint64 offset,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Puts bytes at dirfd/name so that it appears complete or not at all: temporary file beside it,
 * fsync, rename, fsync of the directory. The mode is exactly mode, whatever the umask. */
gboolean file_replace (int dirfd, const char *name, GBytes *bytes, mode_t mode,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same but fails with ERR_FAILED when the name exists (RENAME_NOREPLACE). */
gboolean file_create (int dirfd, const char *name, GBytes *bytes, mode_t mode,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean file_fsync_dir (int dirfd, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The folder for temporary files: dir, or $TMPDIR or /var/tmp when NULL. */
const char *file_temporary_folder (const char *dir);
/* An unlinked temporary file there. */
int file_temporary (const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Directory part and last component of a user's path, opened: "out.tar" gives ".". The base name
 * is returned in *name (caller frees). Returns a directory descriptor or -1. */
int file_open_parent (const char *path, char **name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A folder below dirfd, and one given by the user, made where it is not there, and opened. where is
 * dirfd's path, for the message; may be NULL. Returns a descriptor or -1. */
int file_make_below (int dirfd, const char *where, const char *name, mode_t mode,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
int file_make_dir_given (const char *path, mode_t mode, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The names in a folder (char *), sorted. shown is for the message. */
GPtrArray *file_list (int dirfd, const char *shown, GError **error) G_GNUC_WARN_UNUSED_RESULT;
