/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/message.h"

#include "manifest/catalogue.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/message-format.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CATALOGUE_BYTES_MAX (8 * 1024 * 1024)
/* A message that is older than so many others is shown in English. */
#define REMEMBERED_MAX 20000

/* What the linker calls the two ends of the program. */
extern const char __executable_start[], _end[];

/* lint: allow-variable: one language for a process, set before it has threads */
static const Catalogue *catalogue;
/* lint: allow-variable: English text to its translation; every message that fails is in it */
static GHashTable *remembered;
/* lint: allow-variable: of what is remembered */
static GMutex lock;

static void
lock_remembered (void)
{
    g_mutex_lock (&lock);
}

static void
unlock_remembered (void)
{
    g_mutex_unlock (&lock);
}

void
message_use (const struct Catalogue *use)
{
    catalogue = use;
    if (remembered != NULL)
        g_hash_table_remove_all (remembered);
    else
        remembered = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

/* Whoever can write it can write what this program seems to say. */
static GBytes *
read_catalogue (int dirfd, const char *path)
{
    autofd int fd = file_open_below (dirfd, path, O_RDONLY, NULL);
    struct stat st;

    if (fd < 0 || fstat (fd, &st) < 0 || !S_ISREG (st.st_mode) || (st.st_mode & 022) != 0 ||
        (st.st_uid != 0 && st.st_uid != geteuid ()))
        return NULL;
    return file_read_fd (fd, path, CATALOGUE_BYTES_MAX, NULL);
}

static GBytes *
read_language (const char *program, const char *language)
{
    g_autofree char *folder = g_path_get_dirname (program);
    g_autofree char *prefix = g_path_get_dirname (folder);
    const struct {
        const char *folder, *below;
    } places[] = { { prefix, "share/locale" }, { folder, "po" } /* where it is built */ };

    for (gsize i = 0; i < G_N_ELEMENTS (places); i++) {
        g_autofree char *path =
            g_strdup_printf ("%s/%s/LC_MESSAGES/handcarry.mo", places[i].below, language);
        autofd int fd = file_open_dir_given (places[i].folder, NULL);
        GBytes *bytes = fd >= 0 ? read_catalogue (fd, path) : NULL;

        if (bytes != NULL)
            return bytes;
    }
    return NULL;
}

static const char *
first_set (const char *const *names)
{
    for (; *names != NULL; names++) {
        const char *value = g_getenv (*names);
        if (value != NULL && *value != '\0')
            return value;
    }
    return NULL;
}

void
message_begin (void)
{
    static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG", NULL };
    g_auto (GStrv) languages = catalogue_languages (first_set (names), g_getenv ("LANGUAGE"));
    g_autofree char *program =
        *languages != NULL ? g_file_read_link ("/proc/self/exe", NULL) : NULL;

    for (char **language = languages; *language != NULL && program != NULL; language++) {
        g_autoptr (GBytes) bytes = NULL;

        if (strcmp (*language, "en") == 0)
            return;
        bytes = read_language (program, *language);
        if (bytes == NULL)
            continue;
        message_use (catalogue_new (bytes, NULL));
        /* A child of a process that has threads finds the lock open. */
        pthread_atfork (lock_remembered, unlock_remembered, unlock_remembered);
        return;
    }
}

/* What is remembered of a text that may be the beginning of another one is marked, so that it can
 * be forgotten: a plan is made of a thousand pieces. */
#define WHOLE '='
#define BEGINNING '+'

static void
remember_as (const char *text, const char *shown, char kind)
{
    if (strcmp (text, shown) == 0)
        return;
    g_mutex_lock (&lock);
    if (g_hash_table_size (remembered) >= REMEMBERED_MAX)
        g_hash_table_remove_all (remembered);
    g_hash_table_replace (remembered, g_strdup (text), g_strdup_printf ("%c%s", kind, shown));
    g_mutex_unlock (&lock);
}

static void
remember (const char *text, const char *shown)
{
    remember_as (text, shown, WHOLE);
}

static void
forget_beginning (const char *text)
{
    const char *kept;

    g_mutex_lock (&lock);
    kept = g_hash_table_lookup (remembered, text);
    if (kept != NULL && *kept == BEGINNING)
        g_hash_table_remove (remembered, text);
    g_mutex_unlock (&lock);
}

static char *
recall (const char *text)
{
    const char *kept;
    char *shown;

    g_mutex_lock (&lock);
    kept = g_hash_table_lookup (remembered, text);
    shown = kept != NULL ? g_strdup (kept + 1) : NULL;
    g_mutex_unlock (&lock);
    return shown;
}

/* Its own words are literals; what only looks like one, a name from a bundle for instance, lies
 * elsewhere. */
static const char *
find_word (const char *text)
{
    return text >= __executable_start && text < _end ? catalogue_find (catalogue, text) : NULL;
}

static char *
show_word (const char *text, gboolean quoted)
{
    char *shown = *text != '\0' ? recall (text) : NULL;

    return shown != NULL || quoted ? shown : g_strdup (find_word (text));
}

char *
message_vshow (const char *format, va_list args)
{
    const char *translation = catalogue != NULL ? catalogue_find (catalogue, format) : NULL;
    char *shown = NULL;

    if (catalogue != NULL)
        shown =
            message_format (format, translation != NULL ? translation : format, show_word, args);
    if (shown == NULL && translation != NULL)
        shown = message_format (format, format, show_word, args);
    return shown != NULL ? shown : g_strdup_vprintf (format, args);
}

char *
message_show (const char *format, ...)
{
    char *shown;
    va_list args;

    va_start (args, format);
    shown = message_vshow (format, args);
    va_end (args);
    return shown;
}

void
message_show_append (GString *text, const char *format, ...)
{
    g_autofree char *shown = NULL;
    va_list args;

    va_start (args, format);
    shown = message_vshow (format, args);
    va_end (args);
    g_string_append (text, shown);
}

char *
message_vprintf (const char *format, va_list args)
{
    g_autofree char *shown = NULL;
    char *text;
    va_list again;

    va_copy (again, args);
    text = g_strdup_vprintf (format, args);
    if (catalogue != NULL) {
        shown = message_vshow (format, again);
        remember (text, shown);
    }
    va_end (again);
    return text;
}

char *
message_printf (const char *format, ...)
{
    char *text;
    va_list args;

    va_start (args, format);
    text = message_vprintf (format, args);
    va_end (args);
    return text;
}

char *
message_shown (const char *text)
{
    char *shown = catalogue != NULL ? show_word (text, FALSE) : NULL;

    return shown != NULL ? shown : g_strdup (text);
}

void
message_append (GString *text, const char *format, ...)
{
    g_autofree char *before = message_shown (text->str);
    g_autofree char *more = NULL, *shown = NULL, *all = NULL;
    va_list args;

    va_start (args, format);
    more = message_vprintf (format, args);
    va_end (args);
    shown = message_shown (more);
    all = g_strconcat (before, shown, NULL);
    if (catalogue != NULL)
        forget_beginning (text->str);
    g_string_append (text, more);
    if (catalogue != NULL)
        remember_as (text->str, all, BEGINNING);
}

GBytes *
message_pack (const char *text)
{
    g_autofree char *shown = message_shown (text);
    GString *both = g_string_new (text);

    if (strcmp (text, shown) != 0)
        g_string_append_len (g_string_append_c (both, '\0'), shown, (gssize)strlen (shown));
    return g_string_free_to_bytes (both);
}

char *
message_unpack (const char *bytes, gsize length)
{
    gsize end = strnlen (bytes, length);
    g_autofree char *first = g_strndup (bytes, end);
    char *text = error_clean (first);

    if (catalogue != NULL && end < length && catalogue_find (catalogue, text) == NULL) {
        g_autofree char *second = g_strndup (bytes + end + 1, length - end - 1);
        g_autofree char *shown = error_clean (second), *known = recall (text);

        if (known == NULL)
            remember (text, shown);
    }
    return text;
}

char *
message_join (const char *prefix, const char *message)
{
    return message_printf ("%s: %s", prefix, message);
}

guint
message_columns (const char *text)
{
    guint columns = 0;

    if (!g_utf8_validate (text, -1, NULL))
        return (guint)strlen (text);
    for (; *text != '\0'; text = g_utf8_next_char (text)) {
        gunichar c = g_utf8_get_char (text);

        if (!g_unichar_iszerowidth (c))
            columns += g_unichar_iswide (c) ? 2 : 1;
    }
    return columns;
}
