/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/pack-private.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/message.h"

#include <string.h>

#define HINT "make it again of the image that is packed"

static void
free_given (gpointer given)
{
    given_sbom_free (given);
}

/* Where in release.yaml the file is named. */
static char *
describe (const Packer *packer, guint i)
{
    const ReleaseImage *image = packer->release->images->pdata[i];

    return message_printf ("%s:%u:%u: SBOM '%s' of image '%s'", packer->release->file,
                           image->sbom_line, image->sbom_column, image->sbom, image->name);
}

static GivenSbom *
read_one (const Packer *packer, guint i, GError **error)
{
    const ReleaseImage *image = packer->release->images->pdata[i];
    g_autoptr (GBytes) text = file_read_below (packer->dirfd, image->sbom, LIMIT_SBOM_BYTES, error);
    GivenSbom *given = text != NULL ? given_sbom_parse (text, error) : NULL;
    g_autofree char *where = NULL;

    if (given != NULL)
        return given;
    where = describe (packer, i);
    return fail_prefix (error, "%s", where), NULL;
}

gboolean
pack_read_sboms (Packer *packer, GError **error)
{
    packer->sboms = g_ptr_array_new_with_free_func (free_given);
    for (guint i = 0; i < packer->release->images->len; i++) {
        const ReleaseImage *image = packer->release->images->pdata[i];
        GivenSbom *given = image->sbom != NULL ? read_one (packer, i, error) : NULL;

        if (image->sbom != NULL && given == NULL)
            return FALSE;
        g_ptr_array_add (packer->sboms, given);
    }
    return TRUE;
}

static gboolean
is_same_image (const Packer *packer, guint a, guint b)
{
    return digest_equal (&((StatementImage *)packer->statement.images->pdata[a])->config,
                         &((StatementImage *)packer->statement.images->pdata[b])->config);
}

gboolean
pack_find_sbom (const Packer *packer, guint i, const GivenSbom **given, GError **error)
{
    const GivenSbom *found = NULL;

    for (guint k = 0; k < packer->sboms->len; k++) {
        const GivenSbom *one = packer->sboms->pdata[k];
        g_autofree char *where = NULL;

        if (one == NULL || !is_same_image (packer, i, k))
            continue;
        if (found == NULL)
            found = one;
        if (g_bytes_equal (found->text, one->text))
            continue;
        where = describe (packer, k);
        return fail (error, ERR_FORMAT,
                     "%s: image '%s' is the same image and has another SBOM; name one file for "
                     "both",
                     where, ((StatementImage *)packer->statement.images->pdata[i])->name);
    }
    *given = found;
    return TRUE;
}

/* The place in release.yaml that given comes from. */
static char *
describe_given (const Packer *packer, const GivenSbom *given)
{
    for (guint i = 0; i < packer->sboms->len; i++)
        if (packer->sboms->pdata[i] == given)
            return describe (packer, i);
    return g_strdup ("SBOM");
}

static gboolean
has_layer (const StatementImage *image, const Digest *diffid)
{
    for (guint i = 0; i < image->layers->len; i++)
        if (digest_equal (&g_array_index (image->layers, StatementLayer, i).diffid, diffid))
            return TRUE;
    return FALSE;
}

/* Only another image has other layers or another config. */
static gboolean
check_identity (const Packer *packer, guint i, const GivenSbom *given, GError **error)
{
    const StatementImage *image = packer->statement.images->pdata[i];

    for (guint k = 0; k < given->configs->len; k++) {
        const Digest *config = &g_array_index (given->configs, Digest, k);
        g_autofree char *said = digest_to_text (config);
        g_autofree char *is = digest_to_text (&image->config);

        if (!digest_equal (config, &image->config))
            return fail (
                error, ERR_FORMAT,
                "it is of another image: it says that the config is %s, which is %s; " HINT, said,
                is);
    }
    for (guint k = 0; k < given->layers->len; k++) {
        const Digest *diffid = &g_array_index (given->layers, Digest, k);
        g_autofree char *said = digest_to_text (diffid);

        if (!has_layer (image, diffid))
            return fail (error, ERR_FORMAT,
                         "it is of another image: it speaks of layer %s, and none of the image's "
                         "%u layers is that one; " HINT,
                         said, image->layers->len);
    }
    return TRUE;
}

/* The digest of the manifest changes with each compression, and only for what came from a registry
 * is it known which one scanners saw. */
static void
check_manifest (const Packer *packer, guint i, const GivenSbom *given)
{
    const LockedImage *locked = packer->lock->images->pdata[i];
    g_autofree char *where = NULL;
    g_autofree char *said = NULL;

    if (!locked->has_manifest || given->manifests->len == 0)
        return;
    for (guint k = 0; k < given->manifests->len; k++) {
        const Digest *named = &g_array_index (given->manifests, Digest, k);

        if (digest_equal (named, &locked->manifest) || digest_equal (named, &locked->config) ||
            (locked->has_index && digest_equal (named, &locked->index)))
            return;
    }
    where = describe_given (packer, given);
    said = digest_to_text (&g_array_index (given->manifests, Digest, 0));
    g_ptr_array_add (packer->options->warnings,
                     message_printf ("%s: it names %s, which is not what the registry has; "
                                     "if that is another image, " HINT,
                                     where, said));
}

/* Kind, name and version: an architecture is often left out. */
static char *
key_of (const Package *package)
{
    return g_strjoin (" ", package->kind, package->name, package->version, NULL);
}

static gboolean
is_known_kind (const PackageList *list, const char *kind)
{
    static const struct {
        const char *kind;
        PackagesUnread unread;
    } rows[] = { { PACKAGE_KIND_APK, UNREAD_APK }, { PACKAGE_KIND_DEB, UNREAD_DEB } };

    if ((list->unread & UNREAD_LAYER) != 0)
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        if (strcmp (kind, rows[i].kind) != 0 || (list->unread & rows[i].unread) != 0)
            continue;
        for (guint k = 0; k < list->packages->len; k++)
            if (strcmp (((Package *)list->packages->pdata[k])->kind, kind) == 0)
                return TRUE;
    }
    return FALSE;
}

typedef struct {
    guint common, foreign;
    const Package *first; /* of the foreign ones */
} Comparison;

/* What the image's own databases do not list was not there when they were written. */
static gboolean
judge (const Packer *packer, const GivenSbom *given, const Comparison *seen, GError **error)
{
    g_autofree char *where = NULL;

    if (seen->foreign == 0)
        return TRUE;
    if (seen->common == 0)
        return fail (error, ERR_FORMAT,
                     "it is of another image: of the %u packages of its distribution that it names "
                     "the image has none, not even %s %s; " HINT,
                     seen->foreign, seen->first->name, seen->first->version);
    where = describe_given (packer, given);
    g_ptr_array_add (packer->options->warnings,
                     message_printf ("%s: %u of the packages that it names are not in the image's "
                                     "database in that version, such as %s %s; if it is of an "
                                     "earlier build, " HINT,
                                     where, seen->foreign, seen->first->name,
                                     seen->first->version));
    return TRUE;
}

/* A package that the databases list counts once, whatever the SBOM says of its architecture. */
static gboolean
merge (const Packer *packer, const GivenSbom *given, PackageList *list, GError **error)
{
    g_autoptr (GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    gboolean has_apk = is_known_kind (list, PACKAGE_KIND_APK);
    gboolean has_deb = is_known_kind (list, PACKAGE_KIND_DEB);
    Comparison seen = { 0 };

    for (guint i = 0; i < list->packages->len; i++)
        g_hash_table_add (known, key_of (list->packages->pdata[i]));
    for (guint i = 0; i < given->packages->packages->len; i++) {
        const Package *package = given->packages->packages->pdata[i];
        g_autofree char *key = key_of (package);
        gboolean compared = (has_apk && strcmp (package->kind, PACKAGE_KIND_APK) == 0) ||
                            (has_deb && strcmp (package->kind, PACKAGE_KIND_DEB) == 0);

        if (g_hash_table_contains (known, key)) {
            seen.common += compared;
            continue;
        }
        if (compared && seen.foreign++ == 0)
            seen.first = package;
        if (package_list_add (list, package->kind, package->name, package->version, package->arch,
                              NULL) == NULL)
            list->unread |= UNREAD_SBOM;
    }
    list->unread |= given->packages->unread;
    return judge (packer, given, &seen, error);
}

gboolean
pack_merge_sbom (Packer *packer, guint i, const GivenSbom *given, PackageList *list, GError **error)
{
    g_autofree char *where = NULL;

    check_manifest (packer, i, given);
    if (check_identity (packer, i, given, error) && merge (packer, given, list, error))
        return TRUE;
    where = describe_given (packer, given);
    return fail_prefix (error, "%s", where);
}
