/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/collect-packages.h"

#include "bundle/layer-archive.h"
#include "bundle/package-db.h"
#include "bundle/whiteout.h"
#include "manifest/error.h"
#include "manifest/limits.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

typedef PackageList *(*ParseFunc) (GBytes *text, GError **error);

/* Where databases lie; of a folder, each file is one. Alpine 3.22 moved /lib below /usr. */
static const struct {
    const char *path;
    gboolean folder;
    ParseFunc parse; /* NULL: os-release */
    PackagesUnread unread;
} places[] = {
    { "/lib/apk/db/installed", FALSE, package_db_parse_apk, UNREAD_APK },
    { "/usr/lib/apk/db/installed", FALSE, package_db_parse_apk, UNREAD_APK },
    { "/var/lib/dpkg/status", FALSE, package_db_parse_dpkg, UNREAD_DEB },
    { "/var/lib/dpkg/status.d", TRUE, package_db_parse_dpkg, UNREAD_DEB },
    { "/etc/os-release", FALSE, NULL, 0 },
    { "/usr/lib/os-release", FALSE, NULL, 0 },
};

/* Or an os-release. */
typedef struct {
    char *path;
    PackageList *list; /* what could be read of it; of os-release nothing */
    OsRelease os;
} Database;

/* What one layer does to the databases. Paths are absolute. */
typedef struct {
    GPtrArray *hidden;     /* paths: what lies below under this name is gone, or was replaced */
    GPtrArray *opaque;     /* folders: what lay in them is gone */
    GHashTable *databases; /* path -> Database */
    guint unread;
} LayerPackages;

struct PackageCollector {
    GHashTable *layers; /* Digest -> LayerPackages */
};

static void
database_free (gpointer data)
{
    Database *database = data;

    package_list_free (database->list);
    os_release_clear (&database->os);
    g_free (database->path);
    g_free (database);
}

static LayerPackages *
layer_packages_new (void)
{
    LayerPackages *layer = g_new0 (LayerPackages, 1);

    layer->hidden = g_ptr_array_new_with_free_func (g_free);
    layer->opaque = g_ptr_array_new_with_free_func (g_free);
    layer->databases = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, database_free);
    return layer;
}

static void
layer_packages_free (gpointer data)
{
    LayerPackages *layer = data;

    g_ptr_array_unref (layer->hidden);
    g_ptr_array_unref (layer->opaque);
    g_hash_table_unref (layer->databases);
    g_free (layer);
}

PackageCollector *
package_collector_new (void)
{
    PackageCollector *collector = g_new0 (PackageCollector, 1);

    collector->layers =
        g_hash_table_new_full (digest_hash_key, digest_equal_key, g_free, layer_packages_free);
    return collector;
}

void
package_collector_free (PackageCollector *collector)
{
    if (collector == NULL)
        return;
    g_hash_table_unref (collector->layers);
    g_free (collector);
}

/* Is path strictly inside the folder? "/" has no name of its own. */
static gboolean
is_inside (const char *path, const char *folder)
{
    gsize length = strcmp (folder, "/") == 0 ? 0 : strlen (folder);

    return strncmp (path, folder, length) == 0 && path[length] == '/' && path[length + 1] != '\0';
}

/* The place that a path belongs to as a database, or -1. Distroless keeps lists of checksums beside
 * the paragraphs. */
static int
find_place (const char *path)
{
    for (guint i = 0; i < G_N_ELEMENTS (places); i++)
        if (places[i].folder ? is_inside (path, places[i].path) &&
                                   strchr (path + strlen (places[i].path) + 1, '/') == NULL &&
                                   !g_str_has_suffix (path, ".md5sums")
                             : strcmp (path, places[i].path) == 0)
            return (int)i;
    return -1;
}

/* Does it matter to a database what becomes of this path? */
static gboolean
is_near (const char *path)
{
    for (guint i = 0; i < G_N_ELEMENTS (places); i++)
        if (strcmp (path, places[i].path) == 0 || is_inside (places[i].path, path) ||
            is_inside (path, places[i].path))
            return TRUE;
    return FALSE;
}

/* The content of the current entry, or NULL: not a plain file, too long, or the tar ends. */
static GBytes *
read_entry (struct archive *a, struct archive_entry *entry)
{
    gint64 size = archive_entry_size (entry);
    g_autofree guint8 *bytes = NULL;
    gssize at = 0, n;

    if (archive_entry_filetype (entry) != AE_IFREG || archive_entry_hardlink (entry) != NULL ||
        size < 0 || size > LIMIT_PACKAGE_DB_BYTES)
        return NULL;
    bytes = g_malloc ((gsize)size + 1);
    while (at < size && (n = archive_read_data (a, bytes + at, (gsize)(size - at))) > 0)
        at += n;
    return at == size ? g_bytes_new_take (g_steal_pointer (&bytes), (gsize)size) : NULL;
}

static void
add_database (LayerPackages *layer, struct archive *a, struct archive_entry *entry,
              const char *path, guint place)
{
    g_autoptr (GBytes) text = read_entry (a, entry);
    g_autoptr (GError) error = NULL;
    Database *database = g_new0 (Database, 1);
    gboolean ok = FALSE;

    if (text != NULL && places[place].parse != NULL) {
        database->list = places[place].parse (text, &error);
        ok = database->list != NULL;
    } else if (text != NULL) {
        ok = os_release_parse (text, &database->os, &error);
    }
    if (!ok)
        g_debug ("%s: %s", path, error != NULL ? error->message : "no plain file");
    if (database->list == NULL)
        database->list = package_list_new ();
    database->list->unread = ok ? 0 : places[place].unread;
    database->path = g_strdup (path);
    g_hash_table_replace (layer->databases, database->path, database);
}

/* FALSE where the name is no whiteout. */
static gboolean
take_whiteout (LayerPackages *layer, const char *path)
{
    g_autofree char *target = NULL;
    Whiteout kind = whiteout_read (path, &target);

    if (target != NULL && is_near (target))
        g_ptr_array_add (kind == WHITEOUT_OPAQUE ? layer->opaque : layer->hidden,
                         g_steal_pointer (&target));
    return kind != WHITEOUT_NONE;
}

/* A folder over a folder is merged; everything else replaces what lies below under its name. */
static void
take_entry (LayerPackages *layer, struct archive *a, struct archive_entry *entry)
{
    const char *name = archive_entry_pathname (entry);
    g_autofree char *path = name != NULL ? g_canonicalize_filename (name, "/") : NULL;
    int place;

    if (path == NULL || take_whiteout (layer, path) || !is_near (path))
        return;
    place = find_place (path);
    if (archive_entry_filetype (entry) != AE_IFDIR || place >= 0)
        g_ptr_array_add (layer->hidden, g_strdup (path));
    if (place >= 0 && archive_entry_filetype (entry) != AE_IFDIR)
        add_database (layer, a, entry, path, (guint)place);
}

static void
walk (LayerPackages *layer, struct archive *a)
{
    struct archive_entry *entry;
    int result;

    do {
        result = archive_read_next_header (a, &entry);
        if (result == ARCHIVE_OK || result == ARCHIVE_WARN)
            take_entry (layer, a, entry);
    } while (result == ARCHIVE_OK || result == ARCHIVE_WARN);
    if (result != ARCHIVE_EOF)
        layer->unread |= UNREAD_LAYER;
}

static LayerPackages *
read_layer (PackageCollector *collector, const LayerTar *tar, GError **error)
{
    LayerPackages *layer = g_hash_table_lookup (collector->layers, &tar->diffid);
    g_autoptr (LayerArchive) archive = NULL;

    if (layer != NULL)
        return layer;
    layer = layer_packages_new ();
    g_hash_table_insert (collector->layers, g_memdup2 (&tar->diffid, sizeof (Digest)), layer);
    archive = layer_archive_new (tar);
    walk (layer, layer_archive_get (archive));
    return layer_archive_check (archive, error) ? layer : NULL;
}

static gboolean
is_covered (gpointer key, gpointer value, gpointer data)
{
    const LayerPackages *layer = data;
    const char *path = key;

    for (guint i = 0; i < layer->hidden->len; i++)
        if (strcmp (path, layer->hidden->pdata[i]) == 0 ||
            is_inside (path, layer->hidden->pdata[i]))
            return TRUE;
    for (guint i = 0; i < layer->opaque->len; i++)
        if (is_inside (path, layer->opaque->pdata[i]))
            return TRUE;
    return FALSE;
}

/* Whiteouts of a layer are about what lies below it, wherever they stand in its tar. */
static void
merge (GHashTable *databases, const LayerPackages *layer)
{
    GHashTableIter at;
    gpointer path, database;

    g_hash_table_foreach_remove (databases, is_covered, (gpointer)layer);
    g_hash_table_iter_init (&at, layer->databases);
    while (g_hash_table_iter_next (&at, &path, &database))
        g_hash_table_insert (databases, path, database);
}

static gboolean
add_packages (PackageList *list, const PackageList *more)
{
    for (guint i = 0; i < more->packages->len; i++) {
        const Package *package = more->packages->pdata[i];
        Package *copy = package_list_add (list, package->kind, package->name, package->version,
                                          package->arch, NULL);

        if (copy == NULL)
            return FALSE;
        copy->source = g_strdup (package->source);
        copy->source_version = g_strdup (package->source_version);
        copy->licence = g_strdup (package->licence);
    }
    list->unread |= more->unread;
    return TRUE;
}

/* /etc counts more than /usr/lib, and comes first; mostly it is a link to the other. */
static void
take_os (OsRelease *os, const Database *database)
{
    if (os->id != NULL || database->os.id == NULL)
        return;
    os->id = g_strdup (database->os.id);
    os->version = g_strdup (database->os.version);
}

PackageList *
package_collector_list (PackageCollector *collector, const SourceImage *image, OsRelease *os,
                        GError **error)
{
    g_autoptr (GHashTable) databases = g_hash_table_new (g_str_hash, g_str_equal);
    g_autoptr (PackageList) list = package_list_new ();
    g_autoptr (GList) paths = NULL;

    for (guint i = 0; i < image->layers->len; i++) {
        LayerPackages *layer =
            read_layer (collector, &g_array_index (image->layers, LayerTar, i), error);

        if (layer == NULL) {
            fail_prefix (error, "looking for packages");
            return NULL;
        }
        merge (databases, layer);
        list->unread |= layer->unread;
    }
    paths = g_list_sort (g_hash_table_get_keys (databases), (GCompareFunc)strcmp);
    for (GList *at = paths; at != NULL; at = at->next) {
        const Database *database = g_hash_table_lookup (databases, at->data);

        if (!add_packages (list, database->list))
            list->unread |= places[find_place (database->path)].unread;
        take_os (os, database);
    }
    return g_steal_pointer (&list);
}
