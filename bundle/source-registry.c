/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/source-registry.h"

#include "bundle/oci-index.h"
#include "bundle/source-unpack.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"

#include <sys/stat.h>
#include <unistd.h>

/* What is asked for while one image is resolved. */
typedef struct {
    RegistryImage *image;
    const Cache *cache;
    GCancellable *cancellable;
    char *asked;  /* "sha256:…" */
    GBytes *text; /* what the registry answered, or NULL */
    char *type;   /* what the registry calls it; NULL: it was in the cache */
} Question;

static void
question_clear (Question *question)
{
    g_clear_pointer (&question->asked, g_free);
    g_clear_pointer (&question->text, g_bytes_unref);
    g_clear_pointer (&question->type, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Question, question_clear)

void
registry_image_free (RegistryImage *image)
{
    if (image == NULL)
        return;
    g_clear_pointer (&image->reference, image_reference_free);
    g_clear_pointer (&image->registry, registry_free);
    g_clear_pointer (&image->parts, g_ptr_array_unref);
    g_free (image);
}

char *
registry_image_name (const RegistryImage *image)
{
    g_autofree char *digest = digest_to_text (&image->manifest);

    return g_strdup_printf ("%s/%s@%s", image->reference->host, image->reference->repository,
                            digest);
}

static gboolean
fetch_manifest (gpointer user, int fd, GError **error)
{
    Question *question = user;
    gsize length;
    gconstpointer data;
    Digest digest;

    if (question->text == NULL)
        question->text = registry_read_manifest (question->image->registry, question->asked,
                                                 &question->type, &digest, error);
    if (question->text == NULL)
        return FALSE;
    data = g_bytes_get_data (question->text, &length);
    /* A manifest is small: what a broken run left is not worth keeping. */
    if (ftruncate (fd, 0) < 0)
        return fail (error, ERR_FAILED, "cannot empty a part of a manifest");
    return file_pwrite_all (fd, "manifest", data, length, 0, error);
}

/* The manifest or index of that digest, from the cache or through it. */
static GBytes *
read_manifest (Question *question, const Digest *digest, guint64 bytes, GError **error)
{
    CacheBlob blob = { .digest = *digest,
                       .bytes = bytes,
                       .fetch = question->image->registry != NULL ? fetch_manifest : NULL,
                       .user = question,
                       .cancellable = question->cancellable };
    CacheOutcome outcome;
    struct stat st;
    autofd int fd = -1;

    g_free (question->asked);
    question->asked = digest_to_text (digest);
    fd = cache_get (question->cache, &blob, &outcome, error);
    if (fd < 0)
        return NULL;
    if (fstat (fd, &st) < 0)
        return fail_null (error, ERR_FAILED, "cannot look at manifest %s", question->asked);
    return source_range_read (&(SourceRange){ fd, 0, (guint64)st.st_size }, "image manifest",
                              LIMIT_JSON_BYTES, error);
}

static GBytes *
read_named (gpointer user, const OciDescriptor *blob, GError **error)
{
    Question *question = user;

    question_clear (question);
    return read_manifest (question, &blob->digest, blob->bytes, error);
}

/* Asks what the tag names now. */
static GBytes *
read_tag (Question *question, Digest *digest, GError **error)
{
    const ImageReference *reference = question->image->reference;
    g_autofree char *name = image_reference_to_text (reference);
    g_autoptr (GBytes) kept = NULL;

    if (question->image->registry == NULL)
        return fail_null (error, ERR_ENGINE,
                          "no lock says what '%s' is, and --offline forbids to ask; run "
                          "'handcarry bundle' once without --offline",
                          name);
    question->text = registry_read_manifest (question->image->registry, reference->tag,
                                             &question->type, digest, error);
    if (question->text == NULL)
        return NULL;
    /* For the next run, which may be offline. */
    kept = read_manifest (question, digest, g_bytes_get_size (question->text), error);
    return g_steal_pointer (&kept);
}

static gboolean
check_locked (const ImageReference *reference, const LockedImage *locked, GError **error)
{
    g_autofree char *wanted = NULL, *found = NULL;

    if (!reference->has_digest || digest_equal (&reference->digest, &locked->manifest) ||
        (locked->has_index && digest_equal (&reference->digest, &locked->index)))
        return TRUE;
    wanted = digest_to_text (&reference->digest);
    found = digest_to_text (&locked->manifest);
    return fail (error, ERR_POLICY,
                 "the release file names %s and its lock %s; one of them was changed by hand: "
                 "--relock believes the release file",
                 wanted, found);
}

static GBytes *
read_first (Question *question, const LockedImage *locked, Digest *digest, GError **error)
{
    const ImageReference *reference = question->image->reference;

    if (locked == NULL && !reference->has_digest)
        return read_tag (question, digest, error);
    if (locked != NULL && !check_locked (reference, locked, error))
        return NULL;
    *digest = locked != NULL ? locked->manifest : reference->digest;
    return read_manifest (question, digest, CACHE_ANY_SIZE, error);
}

static gboolean
resolve (Question *question, const LockedImage *locked, const char *platform, GError **error)
{
    RegistryImage *image = question->image;
    Digest digest;
    g_autoptr (GBytes) text = read_first (question, locked, &digest, error);
    g_autofree char *type = NULL;
    OciKind kind;

    if (text == NULL || !oci_document_kind (text, question->type, &kind, error))
        return FALSE;
    type = g_steal_pointer (&question->type);
    if (kind == OCI_INDEX && locked == NULL) {
        image->index = digest;
        image->has_index = TRUE;
        image->parts = oci_index_follow (text, type, NULL, platform, read_named, question,
                                         &image->manifest, error);
    } else {
        image->manifest = digest;
        image->has_index = locked != NULL && locked->has_index;
        image->index = image->has_index ? locked->index : digest;
        image->parts = oci_manifest_parse (text, type, error);
    }
    return image->parts != NULL;
}

RegistryImage *
registry_image_resolve (const char *where, const LockedImage *locked, const char *platform,
                        const Cache *cache, const RegistryOptions *registry, GError **error)
{
    g_autoptr (RegistryImage) image = g_new0 (RegistryImage, 1);
    g_auto (Question) question = { .image = image, .cache = cache };

    image->reference = image_reference_parse (where, error);
    if (image->reference == NULL)
        return NULL;
    if (registry != NULL) {
        question.cancellable = registry->cancellable;
        image->registry = registry_new (image->reference, registry, error);
        if (image->registry == NULL)
            return NULL;
    }
    if (!resolve (&question, locked, platform, error))
        return NULL;
    return g_steal_pointer (&image);
}
