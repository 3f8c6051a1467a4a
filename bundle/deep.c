/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/bundle.h"

#include "bundle/base-table.h"
#include "bundle/decode.h"
#include "bundle/oci.h"
#include "bundle/provenance.h"
#include "bundle/reader.h"
#include "bundle/rebuild.h"
#include "bundle/sbom.h"
#include "bundle/tree-table.h"
#include "bundle/tree.h"
#include "manifest/error.h"
#include "manifest/fuzzing.h"

/* The OCI manifest and the config's diffIDs and platform must be those of the statement; the list
 * of packages must be one, and the SBOM a text. */
static gboolean
check_image (Bundle *bundle, const StatementImage *image, GError **error)
{
    g_autoptr (GBytes) config = bundle_read_config (bundle, image, error);
    g_autoptr (GBytes) manifest = oci_manifest (image);
    g_autoptr (GArray) diffids = NULL;
    g_autoptr (PackageList) packages = NULL;
    g_autoptr (GBytes) sbom = NULL;
    g_autofree char *platform = NULL;
    Digest digest = digest_of_bytes (manifest);

    if (config == NULL || !oci_config_parse (config, &platform, &diffids, error))
        return FALSE;
    if (g_bytes_get_size (config) != image->config_bytes)
        return fail (error, ERR_FORMAT, "its config has another length than the statement says");
    if (!check_holds (digest_equal (&digest, &image->manifest)))
        return fail (error, ERR_FORMAT, "its OCI manifest is not the signed one");
    if (g_strcmp0 (platform, image->platform) != 0)
        return fail (error, ERR_FORMAT, "its config is for %s, the statement says %s", platform,
                     image->platform);
    if (diffids->len != image->layers->len)
        return fail (error, ERR_FORMAT, "its config names %u layers, the statement %u",
                     diffids->len, image->layers->len);
    for (guint i = 0; i < diffids->len; i++)
        if (!digest_equal (&g_array_index (diffids, Digest, i),
                           &g_array_index (image->layers, StatementLayer, i).diffid))
            return fail (error, ERR_FORMAT, "layer %u of its config is not the statement's", i);
    packages = bundle_read_packages (bundle, image, error);
    if (packages == NULL)
        return FALSE;
    sbom = bundle_read_sbom (bundle, image, error);
    return sbom != NULL;
}

static gboolean
check_apart (Bundle *bundle, DecodeKind kind, GError **error)
{
    const DecodeRequest request = { .kind = kind, .fd = -1, .what = "configs and package lists" };

    return decode_ask (bundle, &request, NULL, error);
}

gboolean
bundle_check_images (Bundle *bundle, GError **error)
{
    if (bundle->apart)
        return check_apart (bundle, DECODE_IMAGES, error);
    for (guint i = 0; i < bundle->statement->images->len; i++) {
        const StatementImage *image = bundle->statement->images->pdata[i];

        if (!check_image (bundle, image, error))
            return fail_prefix (error, "image '%s'", image->name);
    }
    return TRUE;
}

static gboolean
expect_member (const Bundle *bundle, guint *at, const char *name, GError **error)
{
    if (*at >= bundle->meta_names->len || strcmp (name, bundle->meta_names->pdata[*at]) != 0)
        return fail (error, ERR_FORMAT, "member '%s' is not in its place", name);
    (*at)++;
    return TRUE;
}

static char *
config_member (const Digest *config)
{
    g_autofree char *hex = digest_to_hex (config);

    return g_strdup_printf ("images/%s.json", hex);
}

/* What each image has, in the order of the images. */
static gboolean
expect_of_images (const Bundle *bundle, guint *at, GError **error)
{
    static char *(*const names[]) (const Digest *config) = { config_member, package_list_member,
                                                             sbom_member };
    g_autoptr (GPtrArray) configs = bundle_distinct_configs (bundle->statement);

    for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
        for (guint k = 0; k < configs->len; k++) {
            g_autofree char *name = names[i](configs->pdata[k]);

            if (!expect_member (bundle, at, name, error))
                return FALSE;
        }
    }
    return TRUE;
}

/* Members of region meta: configs in the order of the images, their package lists, their SBOMs,
 * the provenance, the base files of a delta, the tree files that it leaves out, then recipes in the
 * order of the layers; nothing missing, nothing more. The provenance must be of this release. */
gboolean
bundle_check_members (Bundle *bundle, GError **error)
{
    g_autoptr (GPtrArray) layers = bundle_carried_layers (bundle);
    g_autoptr (Provenance) provenance = NULL;
    guint at = 0;

    if (bundle->apart)
        return check_apart (bundle, DECODE_MEMBERS, error);
    if (!bundle_load_meta (bundle, error))
        return FALSE;
    if (!expect_of_images (bundle, &at, error) ||
        !expect_member (bundle, &at, PROVENANCE_MEMBER, error))
        return FALSE;
    if (packing_is_delta (bundle->packing) &&
        !expect_member (bundle, &at, BASE_TABLE_MEMBER, error))
        return FALSE;
    if (bundle->packing->tree_left_out.files > 0 &&
        !expect_member (bundle, &at, TREE_TABLE_MEMBER, error))
        return FALSE;
    for (guint i = 0; i < layers->len; i++) {
        g_autofree char *hex = digest_to_hex (&((StatementLayer *)layers->pdata[i])->diffid);
        g_autofree char *name = g_strdup_printf ("layers/%s", hex);

        if (!expect_member (bundle, &at, name, error))
            return FALSE;
    }
    if (at != bundle->meta_names->len)
        return fail (error, ERR_FORMAT, "member '%s' is in the bundle but not in the statement",
                     (char *)bundle->meta_names->pdata[at]);
    provenance = bundle_read_provenance (bundle, error);
    return provenance != NULL;
}

static gboolean
count_bytes (const guint8 *bytes, gsize length, gpointer progress, GError **error)
{
    progress_add (progress, length);
    return TRUE;
}

static gboolean
check_layers (Bundle *bundle, GPtrArray *layers, const char *spool_dir, Progress *progress,
              GError **error)
{
    guint64 total;
    g_autoptr (GArray) wanted = bundle_carried_diffids (bundle, &total);
    g_autoptr (Rebuild) rebuild = rebuild_new (bundle, wanted, spool_dir, error);
    gboolean ok = TRUE;

    if (rebuild == NULL)
        return FALSE;
    if (layers->len > 0)
        progress_begin (progress, "rebuilding layers", total);
    for (guint i = 0; ok && i < layers->len; i++)
        ok = rebuild_layer (rebuild, &((StatementLayer *)layers->pdata[i])->diffid, count_bytes,
                            progress, error);
    progress_end (progress);
    return ok && rebuild_check_complete (rebuild, error);
}

typedef struct {
    TreeChecksum *sum;
    gboolean open;
    guint64 files, bytes;
} TreeCheck;

static gboolean
tree_piece (const char *path, gboolean executable, guint64 size, const guint8 *piece, gsize length,
            gboolean last, gpointer data, GError **error)
{
    TreeCheck *check = data;

    if (!check->open && !tree_checksum_begin (check->sum, path, executable, size, error))
        return FALSE;
    check->open = !last;
    tree_checksum_add (check->sum, piece, length);
    check->bytes += length;
    if (!last)
        return TRUE;
    check->files++;
    return tree_checksum_end (check->sum, error);
}

static gboolean
check_tree (Bundle *bundle, GError **error)
{
    g_autoptr (TreeChecksum) sum = tree_checksum_new ();
    TreeCheck check = { .sum = sum };
    const Statement *statement = bundle->statement;
    Digest commit;

    if (!bundle_read_tree (bundle, tree_piece, &check, error))
        return FALSE;
    tree_checksum_commit (sum, &commit);
    if (check.files != statement->tree_files || check.bytes != statement->tree_bytes ||
        !check_holds (digest_equal (&commit, &statement->tree_commit)))
        return bundle_fail_commit (bundle, &commit, error);
    return TRUE;
}

gboolean
bundle_check_deep (Bundle *bundle, const char *spool_dir, Progress *progress, GError **error)
{
    g_autoptr (GPtrArray) layers = bundle_carried_layers (bundle);

    if (!bundle_check_images (bundle, error) || !check_tree (bundle, error) ||
        !check_layers (bundle, layers, spool_dir, progress, error) ||
        !bundle_check_members (bundle, error))
        return fail_prefix (error, "%s", bundle->path);
    return TRUE;
}
