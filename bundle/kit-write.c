/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/kit-resource.h"
#include "bundle/kit.h"
#include "bundle/format.h"
#include "bundle/member.h"
#include "manifest/digest.h"
#include "manifest/error.h"

#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define FOLDER "handcarry-" HANDCARRY_VERSION "/"
/* The content of a .sh begins at a multiple of this, so that where is known before it is said. */
#define SCRIPT_BLOCK 4096

/* What the scripts know of the kit: values that stand before them. */
typedef struct {
    const Kit *kit;
    gsize at, size; /* of the content behind the script; 0: none */
    const char *sum;
} Head;

static void
append_resource (GString *text, const char *name)
{
    g_autofree char *path = g_strconcat ("/handcarry/kit/", name, NULL);
    g_autoptr (GBytes) bytes =
        g_resource_lookup_data (kit_get_resource (), path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

    g_string_append_len (text, g_bytes_get_data (bytes, NULL), (gssize)g_bytes_get_size (bytes));
}

/* KiB that the files take, at 4 KiB a block, with a block for each folder. */
static guint64
count_room (const Kit *kit)
{
    guint64 room = 64;

    for (guint i = 0; i < kit->files->len; i++) {
        const KitFile *file = kit->files->pdata[i];

        room += (g_bytes_get_size (file->bytes) + 4095) / 4096 * 4 + 4;
    }
    return room;
}

/* Every value is made of letters, digits, dots, dashes and underscores, and needs no quoting.
 * Braces round it all: a shell runs nothing of a file that was cut off in the script. */
static GString *
make_script (const Head *head, const char *name)
{
    GString *text = g_string_new ("#!/bin/sh\n# handcarry-kit: 1\n{\n");

    g_string_append_printf (text,
                            "version=%s\nmachine=%s\nloader=%s\nroom=%" G_GUINT64_FORMAT
                            "\npayload_at=%" G_GSIZE_FORMAT "\npayload_size=%" G_GSIZE_FORMAT
                            "\npayload_sum=%s\n\n",
                            HANDCARRY_VERSION, head->kit->machine, head->kit->loader,
                            count_room (head->kit), head->at, head->size, head->sum);
    append_resource (text, "common.sh");
    g_string_append_c (text, '\n');
    append_resource (text, name);
    g_string_append (text, "}\n");
    return text;
}

static void
append_member (GByteArray *tar, GString *sums, const char *name, GBytes *bytes, gboolean executable)
{
    static const guint8 zeros[TAR_BLOCK] = { 0 };
    g_autofree char *path = g_strconcat (FOLDER, name, NULL);
    gsize length;
    const guint8 *data = g_bytes_get_data (bytes, &length);
    g_autoptr (GBytes) header = member_header (path, length, executable);
    Digest digest = digest_of (data, length);
    g_autofree char *hex = digest_to_hex (&digest);

    g_byte_array_append (tar, g_bytes_get_data (header, NULL), (guint)g_bytes_get_size (header));
    g_byte_array_append (tar, data, (guint)length);
    g_byte_array_append (tar, zeros, (guint)member_padding (length));
    g_string_append_printf (sums, "%s  %s\n", hex, name);
}

static void
append_script (GByteArray *tar, GString *sums, const Kit *kit, const char *name)
{
    const Head head = { kit, 0, 0, "" };
    g_autofree char *resource = g_strconcat (name, ".sh", NULL);
    g_autoptr (GBytes) bytes = g_string_free_to_bytes (make_script (&head, resource));

    append_member (tar, sums, name, bytes, TRUE);
}

GBytes *
kit_tar (const Kit *kit)
{
    static const guint8 end[2 * TAR_BLOCK] = { 0 };
    GByteArray *tar = g_byte_array_new ();
    GString *sums = g_string_new (NULL);
    g_autoptr (GString) none = g_string_new (NULL);
    g_autoptr (GBytes) list = NULL;

    append_script (tar, sums, kit, "install");
    append_script (tar, sums, kit, "uninstall");
    for (guint i = 0; i < kit->files->len; i++) {
        const KitFile *file = kit->files->pdata[i];

        append_member (tar, sums, file->name, file->bytes, file->executable);
    }
    list = g_string_free_to_bytes (sums);
    append_member (tar, none, "SHA256SUMS", list, FALSE);
    g_byte_array_append (tar, end, sizeof end);
    return g_byte_array_free_to_bytes (tar);
}

GBytes *
kit_compress (GBytes *tar, int level, GError **error)
{
    gsize length, room;
    const void *data = g_bytes_get_data (tar, &length);
    ZSTD_CCtx *context = ZSTD_createCCtx ();
    guint8 *out;

    room = ZSTD_compressBound (length);
    out = g_malloc (room);
    ZSTD_CCtx_setParameter (context, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter (context, ZSTD_c_checksumFlag, 1);
    room = ZSTD_compress2 (context, out, room, data, length);
    ZSTD_freeCCtx (context);
    if (ZSTD_isError (room)) {
        g_free (out);
        return fail_null (error, ERR_FAILED, "compressing a kit: %s", ZSTD_getErrorName (room));
    }
    return g_bytes_new_take (g_realloc (out, room), room);
}

/* zlib's own gzip header has no name and no time. */
static GBytes *
make_gzip (GBytes *tar, int level, GError **error)
{
    gsize length;
    gpointer data = (gpointer)g_bytes_get_data (tar, &length);
    z_stream stream = { 0 };
    guint8 *out;
    gsize room;

    if (deflateInit2 (&stream, MIN (level, 9), Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        return fail_null (error, ERR_FAILED, "compressing a kit: no memory");
    room = deflateBound (&stream, length);
    out = g_malloc (room);
    stream.next_in = data;
    stream.avail_in = (uInt)length;
    stream.next_out = out;
    stream.avail_out = (uInt)room;
    deflate (&stream, Z_FINISH);
    room = stream.total_out;
    deflateEnd (&stream);
    return g_bytes_new_take (g_realloc (out, room), room);
}

GBytes *
kit_script (const Kit *kit, GBytes *tar, int level, GError **error)
{
    g_autoptr (GBytes) gzip = make_gzip (tar, level, error);
    Head head = { kit, SCRIPT_BLOCK, 0, "" };
    g_autofree char *sum = NULL;
    GString *text;
    Digest digest;

    if (gzip == NULL)
        return NULL;
    digest = digest_of_bytes (gzip);
    head.sum = sum = digest_to_hex (&digest);
    head.size = g_bytes_get_size (gzip);
    text = make_script (&head, "install.sh");
    while (text->len > head.at) {
        g_string_free (text, TRUE);
        head.at += SCRIPT_BLOCK;
        text = make_script (&head, "install.sh");
    }
    /* Nobody reads on behind the script's last line, which ends it. */
    while (text->len < head.at)
        g_string_append_c (text, '\n');
    g_string_append_len (text, g_bytes_get_data (gzip, NULL), (gssize)head.size);
    return g_string_free_to_bytes (text);
}
