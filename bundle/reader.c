/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/reader.h"

#include "bundle/decode.h"
#include "bundle/format.h"
#include "bundle/member.h"
#include "bundle/provenance.h"
#include "bundle/sbom.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/fuzzing.h"
#include "manifest/message.h"

#include <string.h>

void
bundle_region (const Bundle *bundle, Region region, guint *first, guint *count)
{
    guint64 before = 0;

    for (Region r = 0; r < region; r++)
        before += bundle->packing->regions[r].frames;
    *first = (guint)before;
    *count = (guint)bundle->packing->regions[region].frames;
}

char *
bundle_describe_frame (const Bundle *bundle, guint frame)
{
    const Frame *at = &g_array_index (bundle->frames, Frame, frame);
    const char *from = parts_name_at (bundle->parts, at->offset);
    const char *to = parts_name_at (bundle->parts, at->offset + at->compressed - 1);
    g_autofree char *where = from == to ? g_strdup (from) : message_printf ("%s to %s", from, to);

    for (Region region = 0; region < N_REGIONS; region++) {
        guint first, count;

        bundle_region (bundle, region, &first, &count);
        if (frame < first + count)
            return message_printf ("frame %u (%s, bytes %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
                                   ", carries %s %u of %u)",
                                   frame, where, at->offset, at->offset + at->compressed - 1,
                                   packing_region_name (region), frame - first + 1, count);
    }
    g_assert_not_reached ();
}

gboolean
bundle_fail_damaged (const Bundle *bundle, guint frame, GError **error)
{
    g_autofree char *what = bundle_describe_frame (bundle, frame);

    return fail (error, ERR_FORMAT,
                 "%s is damaged: its SHA-256 is not the signed one; carry the file again, "
                 "'sha256sum -c FILE.sha256' compares the copies",
                 what);
}

gboolean
bundle_read_frame (Bundle *bundle, guint frame, guint8 *buffer, GError **error)
{
    const Frame *at = &g_array_index (bundle->frames, Frame, frame);
    Digest found;

    if (bundle->copied[frame])
        return file_pread_all (bundle->copy_fd, "copied-in frames", buffer, at->compressed,
                               at->offset, error);
    if (!parts_pread (bundle->parts, buffer, at->compressed, at->offset, error))
        return FALSE;
    found = digest_of (buffer, at->compressed);
    if (check_holds (digest_equal (&found, &at->digest)))
        return TRUE;
    return bundle_fail_damaged (bundle, frame, error);
}

guint8 *
bundle_read_content (Bundle *bundle, guint frame, GError **error)
{
    const Frame *at = &g_array_index (bundle->frames, Frame, frame);
    g_autofree guint8 *compressed = g_malloc (at->compressed);
    g_autofree guint8 *content = NULL;

    if (!bundle_read_frame (bundle, frame, compressed, error))
        return NULL;
    content = g_malloc (at->content);
    if (!frame_decompress (at, compressed, content, error)) {
        g_autofree char *what = bundle_describe_frame (bundle, frame);

        fail_prefix (error, "%s", what);
        return NULL;
    }
    return g_steal_pointer (&content);
}

struct RegionReader {
    Bundle *bundle;
    guint next, end; /* frames */
    guint8 *content;
    gsize at, length;
};

RegionReader *
region_reader_new (Bundle *bundle, Region region)
{
    RegionReader *reader = g_new0 (RegionReader, 1);
    guint count;

    reader->bundle = bundle;
    bundle_region (bundle, region, &reader->next, &count);
    reader->end = reader->next + count;
    return reader;
}

gssize
region_reader_read (guint8 *buffer, gsize length, gpointer data, GError **error)
{
    RegionReader *reader = data;
    gsize n;

    if (reader->at == reader->length) {
        if (reader->next == reader->end)
            return 0;
        g_clear_pointer (&reader->content, g_free);
        reader->content = bundle_read_content (reader->bundle, reader->next, error);
        if (reader->content == NULL)
            return -1;
        reader->at = 0;
        reader->length = g_array_index (reader->bundle->frames, Frame, reader->next++).content;
    }
    n = MIN (length, reader->length - reader->at);
    memcpy (buffer, reader->content + reader->at, n);
    reader->at += n;
    return (gssize)n;
}

void
region_reader_free (RegionReader *reader)
{
    if (reader == NULL)
        return;
    g_free (reader->content);
    g_free (reader);
}

static void
bytes_free (gpointer bytes)
{
    g_bytes_unref (bytes);
}

static gboolean
add_member (Bundle *bundle, MemberReader *members, const char *name, guint64 size, GError **error)
{
    g_autofree guint8 *bytes = NULL;
    gsize at = 0;

    if (size > bundle->packing->regions[REGION_META].bytes)
        return fail (error, ERR_FORMAT, "member '%s' is longer than its region", name);
    bytes = g_malloc (size);
    while (at < size) {
        gssize n = member_reader_read (members, bytes + at, size - at, error);

        if (n < 0)
            return FALSE;
        if (n == 0)
            return fail (error, ERR_FORMAT, "member '%s' ends early", name);
        at += (gsize)n;
    }
    g_ptr_array_add (bundle->meta_names, g_strdup (name));
    if (!g_hash_table_insert (bundle->meta, g_strdup (name),
                              g_bytes_new_take (g_steal_pointer (&bytes), size)))
        return fail (error, ERR_FORMAT, "member '%s' is there twice", name);
    return TRUE;
}

guint64
bundle_member_bytes (const char *name, guint64 size, gboolean executable)
{
    g_autoptr (GBytes) header = member_header (name, size, executable);

    return g_bytes_get_size (header) + size + member_padding (size);
}

gboolean
bundle_check_region_end (const Bundle *bundle, Region region, guint64 seen, GError **error)
{
    guint64 bytes = bundle->packing->regions[region].bytes;

    if (seen == bytes)
        return TRUE;
    return fail (error, ERR_FORMAT,
                 "the members of region '%s' take %" G_GUINT64_FORMAT
                 " bytes, but it has %" G_GUINT64_FORMAT,
                 packing_region_name (region), seen, bytes);
}

static gboolean
load_meta (Bundle *bundle, GError **error)
{
    guint64 seen = 0;
    g_autoptr (RegionReader) region = region_reader_new (bundle, REGION_META);
    g_autoptr (MemberReader) members = member_reader_new (region_reader_read, region);

    if (bundle->packing->regions[REGION_META].bytes > LIMIT_META_BYTES)
        return fail (error, ERR_FORMAT,
                     "image configs and recipes together are longer than %d bytes",
                     LIMIT_META_BYTES);
    bundle->meta = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, bytes_free);
    bundle->meta_names = g_ptr_array_new_with_free_func (g_free);
    for (;;) {
        const char *name;
        guint64 size;
        gboolean executable;

        if (!member_reader_next (members, &name, &size, &executable, error))
            return FALSE;
        if (name == NULL)
            return bundle_check_region_end (bundle, REGION_META, seen, error);
        seen += bundle_member_bytes (name, size, executable);
        if (!add_member (bundle, members, name, size, error))
            return FALSE;
    }
}

gboolean
bundle_load_meta (Bundle *bundle, GError **error)
{
    if (bundle->meta != NULL || load_meta (bundle, error))
        return TRUE;
    g_clear_pointer (&bundle->meta, g_hash_table_unref);
    g_clear_pointer (&bundle->meta_names, g_ptr_array_unref);
    return FALSE;
}

static GBytes *
read_meta_apart (Bundle *bundle, const char *name, GError **error)
{
    g_autofree char *what = g_strdup_printf ("'%s'", name);
    DecodeRequest request = {
        .kind = DECODE_META, .bytes = name, .length = strlen (name), .fd = -1, .what = what
    };

    return decode_ask_bytes (bundle, &request, bundle->packing->regions[REGION_META].bytes, NULL,
                             error);
}

GBytes *
bundle_read_meta (Bundle *bundle, const char *name, GError **error)
{
    GBytes *found;

    if (bundle->apart)
        return read_meta_apart (bundle, name, error);
    if (!bundle_load_meta (bundle, error))
        return NULL;
    found = g_hash_table_lookup (bundle->meta, name);
    if (found == NULL)
        return fail_null (error, ERR_FORMAT, "the bundle does not carry '%s'", name);
    return g_bytes_ref (found);
}

GPtrArray *
bundle_distinct_configs (const Statement *statement)
{
    GPtrArray *configs = g_ptr_array_new ();
    g_autoptr (GHashTable) seen = g_hash_table_new (digest_hash_key, digest_equal_key);

    for (guint i = 0; i < statement->images->len; i++) {
        StatementImage *image = statement->images->pdata[i];

        if (g_hash_table_add (seen, &image->config))
            g_ptr_array_add (configs, &image->config);
    }
    return configs;
}

GBytes *
bundle_read_config (Bundle *bundle, const StatementImage *image, GError **error)
{
    g_autofree char *hex = digest_to_hex (&image->config);
    g_autofree char *name = g_strdup_printf ("images/%s.json", hex);
    g_autoptr (GBytes) config = bundle_read_meta (bundle, name, error);
    Digest found;

    if (config == NULL)
        return NULL;
    found = digest_of_bytes (config);
    if (!check_holds (digest_equal (&found, &image->config)))
        return fail_null (error, ERR_FORMAT, "the config of image '%s' is not the signed one",
                          image->name);
    return g_steal_pointer (&config);
}

PackageList *
bundle_read_packages (Bundle *bundle, const StatementImage *image, GError **error)
{
    g_autofree char *name = package_list_member (&image->config);
    g_autoptr (GBytes) text = bundle_read_meta (bundle, name, error);

    return text != NULL ? package_list_parse (text, error) : NULL;
}

GBytes *
bundle_read_sbom (Bundle *bundle, const StatementImage *image, GError **error)
{
    g_autofree char *name = sbom_member (&image->config);
    g_autoptr (GBytes) text = bundle_read_meta (bundle, name, error);

    return text != NULL && sbom_check_text (text, error) ? g_steal_pointer (&text) : NULL;
}

GBytes *
bundle_read_provenance_text (Bundle *bundle, GError **error)
{
    return bundle_read_meta (bundle, PROVENANCE_MEMBER, error);
}

Provenance *
bundle_read_provenance (Bundle *bundle, GError **error)
{
    g_autoptr (GBytes) text = bundle_read_provenance_text (bundle, error);
    g_autoptr (Provenance) provenance = text != NULL ? provenance_parse (text, error) : NULL;

    return provenance != NULL &&
                   provenance_check (provenance, bundle->statement, &bundle->release_digest, error)
               ? g_steal_pointer (&provenance)
               : NULL;
}
