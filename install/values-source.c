/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/values-source.h"

#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/message.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMMAND_MILLISECONDS 30000
#define LINKS_MAX 40 /* the kernel's own */

void
value_source_free (gpointer text)
{
    if (text != NULL)
        explicit_bzero (text, strlen (text));
    g_free (text);
}

static void
bytes_free (GString *bytes)
{
    explicit_bzero (bytes->str, bytes->allocated_len);
    g_string_free (bytes, TRUE);
}

char *
value_source_text (GString *bytes, const char *what, GError **error)
{
    char *text = NULL;

    if (bytes->len > 0 && bytes->str[bytes->len - 1] == '\n')
        g_string_truncate (bytes, bytes->len - 1);
    if (bytes->len > 0 && bytes->str[bytes->len - 1] == '\r')
        g_string_truncate (bytes, bytes->len - 1);
    if (bytes->len == 0)
        fail (error, ERR_NOT_READY, "%s is empty", what);
    else if (bytes->len > LIMIT_VALUE_BYTES)
        fail (error, ERR_NOT_READY, "%s is longer than %d bytes", what, LIMIT_VALUE_BYTES);
    else if (!g_utf8_validate_len (bytes->str, bytes->len, NULL))
        fail (error, ERR_NOT_READY, "%s is no text in UTF-8", what);
    else
        text = g_strndup (bytes->str, bytes->len);
    bytes_free (bytes);
    return text;
}

/* Others may change what it says: mask 022; they may also read it: 026. The group may read, for
 * such a file often has a program that it is for. */
static gboolean
check_owner (int fd, const char *path, mode_t others, GError **error)
{
    struct stat st;

    if (fstat (fd, &st) < 0 || !S_ISREG (st.st_mode))
        return fail (error, ERR_NOT_READY, "'%s' is no regular file", path);
    if (st.st_uid != 0 && st.st_uid != geteuid ())
        return fail (error, ERR_NOT_READY, "'%s' belongs to user %u, not to root", path,
                     (guint)st.st_uid);
    if ((st.st_mode & others) != 0)
        return fail (error, ERR_NOT_READY, "'%s' has mode %04o: %s; type: chmod %s %s", path,
                     st.st_mode & 07777,
                     (st.st_mode & 022) != 0 ? "others than root may write it"
                                             : "others may read it",
                     others == 022 ? "go-w" : "go-w,o-rwx", path);
    return TRUE;
}

static gboolean
is_trusted (const struct stat *st)
{
    return st->st_uid == 0 || st->st_uid == geteuid ();
}

/* Who can rename on the way to it decides what is opened, and what is run after the look at it. In
 * a folder such as /tmp nobody but its owner renames what lies there. */
static gboolean
check_way (const char *path, GError **error)
{
    g_autofree char *at = g_strdup (path);

    while (strcmp (at, "/") != 0) {
        g_autofree char *below = at;
        struct stat st, own;

        at = g_path_get_dirname (below);
        if (fstatat (AT_FDCWD, at, &st, 0) < 0 ||
            fstatat (AT_FDCWD, below, &own, AT_SYMLINK_NOFOLLOW) < 0)
            return fail_errno (error, ERR_NOT_READY, errno, "cannot look at '%s'", below);
        if (!is_trusted (&st) ||
            ((st.st_mode & S_IWOTH) != 0 && ((st.st_mode & S_ISVTX) == 0 || !is_trusted (&own))))
            return fail (error, ERR_NOT_READY,
                         "others than root may change what '%s' is: they may write in '%s'", path,
                         at);
    }
    return TRUE;
}

/* The path with its first symbolic link read; NULL: it has none. Caller frees. */
static char *
read_first_link (const char *path)
{
    const char *end = path;

    while (end != NULL) {
        char target[PATH_MAX] = { 0 };
        g_autofree char *link = NULL, *above = NULL;

        end = strchr (end + 1, '/');
        link = end != NULL ? g_strndup (path, (gsize)(end - path)) : g_strdup (path);
        if (readlinkat (AT_FDCWD, link, target, sizeof target - 1) < 0)
            continue;
        above = g_path_get_dirname (link);
        return g_build_filename (*target == '/' ? "" : above, target, end, NULL);
    }
    return NULL;
}

/* A link says where it goes on, and so does the one that is found there. */
static gboolean
check_ways (const char *path, GError **error)
{
    g_autofree char *at = g_strdup (path);

    for (guint links = 0; links <= LINKS_MAX; links++) {
        char *next;

        if (!check_way (at, error))
            return FALSE;
        next = read_first_link (at);
        if (next == NULL)
            return TRUE;
        g_free (at);
        at = next;
    }
    return fail_errno (error, ERR_NOT_READY, ELOOP, "cannot open '%s'", path);
}

/* Symbolic links are followed: the host's own configuration names the path. */
static int
open_owned (const char *path, int flags, mode_t others, GError **error)
{
    autofd int fd = openat (AT_FDCWD, path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd < 0) {
        fail_errno (error, ERR_NOT_READY, errno, "cannot open '%s'", path);
        return -1;
    }
    return check_ways (path, error) && check_owner (fd, path, others, error) ? file_steal_fd (&fd)
                                                                             : -1;
}

static gboolean
check_program (const char *path, GError **error)
{
    autofd int fd = open_owned (path, O_PATH, 022, error);

    if (fd < 0)
        return FALSE;
    if (faccessat (AT_FDCWD, path, X_OK, AT_EACCESS) < 0)
        return fail_errno (error, ERR_NOT_READY, errno, "cannot run '%s'", path);
    return TRUE;
}

static gboolean
check_file (const char *path, GError **error)
{
    autofd int fd = open_owned (path, O_RDONLY, 027, error);

    return fd >= 0;
}

gboolean
value_source_check (const ValueGiven *given, GError **error)
{
    gboolean good = given->kind == VALUE_FILE      ? check_file (given->text, error)
                    : given->kind == VALUE_COMMAND ? check_program (given->command[0], error)
                                                   : TRUE;

    return good || fail_prefix (error, "the value '%s' of this host", given->name);
}

static char *
read_file (const char *path, GError **error)
{
    autofd int fd = open_owned (path, O_RDONLY, 027, error);
    g_autofree char *what = g_strdup_printf ("'%s'", path);
    g_autoptr (GBytes) bytes = NULL;
    gconstpointer data;
    gsize length;

    /* Room for the line end that is cut. */
    bytes = fd >= 0 ? file_read_fd (fd, path, LIMIT_VALUE_BYTES + 2, error) : NULL;
    if (bytes == NULL)
        return NULL;
    data = g_bytes_get_data (bytes, &length);
    return value_source_text (g_string_new_len (data, (gssize)length), what, error);
}

static void
collect (const guint8 *bytes, gsize length, gpointer data)
{
    GString *out = data;

    if (out->len <= LIMIT_VALUE_BYTES + 2)
        g_string_append_len (out, (const char *)bytes, (gssize)length);
}

static char *
run_command (char **command, Launcher *launcher, GError **error)
{
    g_autofree char *home = g_strconcat ("HOME=", g_get_home_dir (), NULL);
    const char *const environment[] = { "LC_ALL=C.UTF-8", "PATH=" LAUNCHER_PATH, home, NULL };
    LauncherJob job = { .argv = (const char *const *)command,
                        .env = environment,
                        .dir = "/",
                        .milliseconds = COMMAND_MILLISECONDS,
                        .streams = LAUNCHER_STDOUT };
    g_autofree char *what = message_printf ("what '%s' prints", command[0]);
    GString *out;
    int status;

    if (!check_program (command[0], error))
        return NULL;
    if (launcher == NULL)
        return fail_null (error, ERR_NOT_READY, "'%s' cannot be run by this verb", command[0]);
    out = g_string_sized_new (LIMIT_VALUE_BYTES);
    if (!launcher_run (launcher, &job, collect, out, &status, error))
        return bytes_free (out), NULL;
    if (status == 0)
        return value_source_text (out, what, error);
    bytes_free (out);
    if (status == LAUNCHER_TIMED_OUT)
        return fail_null (error, ERR_NOT_READY, "'%s' did not end within %d seconds", command[0],
                          COMMAND_MILLISECONDS / 1000);
    return fail_null (error, ERR_NOT_READY, "'%s' ended with exit code %d", command[0], status);
}

char *
value_source_get (const ValueGiven *given, Launcher *launcher, GError **error)
{
    char *text = given->kind == VALUE_FILE ? read_file (given->text, error)
                                           : run_command (given->command, launcher, error);

    if (text == NULL)
        fail_prefix (error, "the value '%s' of this host", given->name);
    return text;
}
