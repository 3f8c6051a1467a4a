/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/tree.h"

#include "manifest/error.h"
#include "manifest/limits.h"

#include <string.h>
#include <sys/stat.h>

/* The objects are GVariants in their serialized form; their types are in libostree's
 * ostree-core.h (OSTREE_DIRMETA_GVARIANT_FORMAT and its neighbours). All integers are big-endian.
 * They are made here with GLib alone, so that hashing a tree needs no repository. */
#define TYPE_DIRTREE "(a(say)a(sayay))"

typedef struct Node Node;
struct Node {
    GTree *children; /* name -> Node; NULL for a file */
    Digest checksum; /* of a file */
};

struct TreeChecksum {
    Node *root;
    DigestStream *stream;
    Node *open; /* the file that is being given, or NULL */
    Digest last;
    char *path;
    guint64 missing;
    gboolean excess;
};

static void
node_free (gpointer data)
{
    Node *node = data;

    g_clear_pointer (&node->children, g_tree_unref);
    g_free (node);
}

static int
compare_names (gconstpointer a, gconstpointer b, gpointer data)
{
    return strcmp (a, b);
}

static Node *
node_new (gboolean directory)
{
    Node *node = g_new0 (Node, 1);

    if (directory)
        node->children = g_tree_new_full (compare_names, NULL, g_free, node_free);
    return node;
}

TreeChecksum *
tree_checksum_new (void)
{
    TreeChecksum *sum = g_new0 (TreeChecksum, 1);

    sum->root = node_new (TRUE);
    sum->stream = digest_stream_new ();
    return sum;
}

void
tree_checksum_free (TreeChecksum *sum)
{
    if (sum == NULL)
        return;
    g_clear_pointer (&sum->root, node_free);
    g_clear_pointer (&sum->stream, digest_stream_free);
    g_free (sum->path);
    g_free (sum);
}

/* Walks down to the directory that path lies in and makes what is missing. NULL where a file is
 * in the way. */
static Node *
find_parent (Node *root, char **components, gsize count)
{
    Node *at = root;

    for (gsize i = 0; i + 1 < count && at->children != NULL; i++) {
        Node *next = g_tree_lookup (at->children, components[i]);

        if (next == NULL) {
            next = node_new (TRUE);
            g_tree_insert (at->children, g_strdup (components[i]), next);
        }
        at = next;
    }
    return at->children == NULL ? NULL : at;
}

static gboolean
check_components (char **components, const char *shown, GError **error)
{
    for (gsize i = 0; components[i] != NULL; i++)
        if (*components[i] == '\0' || strcmp (components[i], ".") == 0 ||
            strcmp (components[i], "..") == 0)
            return fail (error, ERR_FORMAT, "tree path '%s' has an empty, '.' or '..' component",
                         shown);
    return TRUE;
}

static Node *
insert_file (Node *root, const char *path, GError **error)
{
    g_autofree char *shown = error_quote (path);
    g_auto (GStrv) components = g_strsplit (path, "/", -1);
    gsize count = g_strv_length (components);
    Node *parent, *node;

    /* The bound on the path is the bound on the recursion below. */
    if (count == 0 || strlen (path) > LIMIT_PATH_BYTES)
        return fail_null (error, ERR_FORMAT, "tree path '%s' is empty or longer than %d bytes",
                          shown, LIMIT_PATH_BYTES);
    if (!check_components (components, shown, error))
        return NULL;
    parent = find_parent (root, components, count);
    if (parent == NULL)
        return fail_null (error, ERR_FORMAT, "tree path '%s' goes through a file", shown);
    if (g_tree_lookup (parent->children, components[count - 1]) != NULL)
        return fail_null (error, ERR_FORMAT, "tree path '%s' is there twice", shown);
    node = node_new (FALSE);
    g_tree_insert (parent->children, g_strdup (components[count - 1]), node);
    return node;
}

static GVariant *
no_xattrs (void)
{
    return g_variant_new_array (G_VARIANT_TYPE ("(ayay)"), NULL, 0);
}

/* A file object is the length of its header (big-endian), four zero bytes that align the header,
 * the header and the content (_ostree_write_content_object in libostree). */
static void
add_file_header (DigestStream *stream, gboolean executable)
{
    guint32 mode = S_IFREG | (executable ? 0755 : 0644);
    g_autoptr (GVariant) header = g_variant_ref_sink (
        g_variant_new ("(uuuus@a(ayay))", GUINT32_TO_BE (0), GUINT32_TO_BE (0),
                       GUINT32_TO_BE (mode), GUINT32_TO_BE (0), "", no_xattrs ()));
    guint32 prefix[2] = { GUINT32_TO_BE ((guint32)g_variant_get_size (header)), 0 };

    digest_stream_add (stream, prefix, sizeof prefix);
    digest_stream_add (stream, g_variant_get_data (header), g_variant_get_size (header));
}

gboolean
tree_checksum_begin (TreeChecksum *sum, const char *path, gboolean executable, guint64 size,
                     GError **error)
{
    Node *node;

    g_return_val_if_fail (sum->open == NULL, FALSE);
    node = insert_file (sum->root, path, error);
    if (node == NULL)
        return FALSE;
    sum->open = node;
    sum->missing = size;
    sum->excess = FALSE;
    g_free (sum->path);
    sum->path = error_quote (path);
    add_file_header (sum->stream, executable);
    return TRUE;
}

void
tree_checksum_add (TreeChecksum *sum, const guint8 *bytes, gsize length)
{
    if (length > sum->missing)
        sum->excess = TRUE;
    sum->missing -= MIN (length, sum->missing);
    digest_stream_add (sum->stream, bytes, length);
}

gboolean
tree_checksum_end (TreeChecksum *sum, GError **error)
{
    g_return_val_if_fail (sum->open != NULL, FALSE);
    digest_stream_finish (sum->stream, &sum->open->checksum);
    sum->last = sum->open->checksum;
    sum->open = NULL;
    if (sum->excess)
        return fail (error, ERR_FORMAT, "tree file '%s' is longer than announced", sum->path);
    if (sum->missing > 0)
        return fail (error, ERR_FORMAT,
                     "tree file '%s' ends %" G_GUINT64_FORMAT " bytes before its announced size",
                     sum->path, sum->missing);
    return TRUE;
}

void
tree_checksum_file (const TreeChecksum *sum, Digest *file)
{
    *file = sum->last;
}

static GVariant *
digest_variant (const Digest *digest)
{
    return g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, digest->b, DIGEST_BYTES, 1);
}

static Digest
variant_digest (GVariant *variant)
{
    g_autoptr (GVariant) sunk = g_variant_ref_sink (variant);

    return digest_of (g_variant_get_data (sunk), g_variant_get_size (sunk));
}

static Digest
dirmeta_digest (void)
{
    return variant_digest (g_variant_new ("(uuu@a(ayay))", GUINT32_TO_BE (0), GUINT32_TO_BE (0),
                                          GUINT32_TO_BE (S_IFDIR | 0755), no_xattrs ()));
}

typedef struct {
    GVariantBuilder files, directories;
    Digest meta;
} DirtreeBuilder;

static Digest dirtree_digest (Node *node);

static gboolean
add_child (gpointer key, gpointer value, gpointer data)
{
    DirtreeBuilder *builder = data;
    Node *node = value;
    Digest tree;

    if (node->children == NULL) {
        g_variant_builder_add (&builder->files, "(s@ay)", key, digest_variant (&node->checksum));
        return FALSE;
    }
    tree = dirtree_digest (node);
    g_variant_builder_add (&builder->directories, "(s@ay@ay)", key, digest_variant (&tree),
                           digest_variant (&builder->meta));
    return FALSE;
}

static Digest
dirtree_digest (Node *node)
{
    DirtreeBuilder builder = { .meta = dirmeta_digest () };

    g_variant_builder_init (&builder.files, G_VARIANT_TYPE ("a(say)"));
    g_variant_builder_init (&builder.directories, G_VARIANT_TYPE ("a(sayay)"));
    g_tree_foreach (node->children, add_child, &builder);
    return variant_digest (
        g_variant_new ("(a(say)a(sayay))", &builder.files, &builder.directories));
}

void
tree_checksum_commit (TreeChecksum *sum, Digest *commit)
{
    Digest tree = dirtree_digest (sum->root), meta = dirmeta_digest ();
    g_autoptr (GVariant) none =
        g_variant_ref_sink (g_variant_new_array (G_VARIANT_TYPE ("{sv}"), NULL, 0));

    *commit = variant_digest (
        g_variant_new ("(@a{sv}@ay@a(say)sst@ay@ay)", none,
                       g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, NULL, 0, 1),
                       g_variant_new_array (G_VARIANT_TYPE ("(say)"), NULL, 0), "", "",
                       GUINT64_TO_BE (0), digest_variant (&tree), digest_variant (&meta)));
}
