/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/oci.h"

#include <string.h>

#define A "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
#define B "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"
#define C "2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6"
#define MANIFEST                                                                                   \
    "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","           \
    "\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\","                      \
    "\"digest\":\"sha256:" A "\",\"size\":1469},\"layers\":["                                      \
    "{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"sha256:" B "\","       \
    "\"size\":5368709120},"                                                                        \
    "{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"sha256:" C "\","       \
    "\"size\":1024}]}"

static StatementImage
sample (void)
{
    StatementImage image = { .name = (char *)"plant-hmi/server:1.5.0", .config_bytes = 1469 };
    StatementLayer layer = { digest_of ("b", 1), 5368709120 };

    image.config = digest_of ("a", 1);
    image.layers = g_array_new (FALSE, FALSE, sizeof (StatementLayer));
    g_array_append_val (image.layers, layer);
    layer = (StatementLayer){ digest_of ("c", 1), 1024 };
    g_array_append_val (image.layers, layer);
    return image;
}

static void
expect (GBytes *made, const char *text)
{
    g_assert_cmpmem (g_bytes_get_data (made, NULL), g_bytes_get_size (made), text, strlen (text));
    g_bytes_unref (made);
}

/* The image's id on the containerd store is the digest of these bytes: a change of one is a change
 * of every id that was ever signed. */
static void
test_manifest_bytes (void)
{
    StatementImage image = sample ();

    expect (oci_manifest (&image), MANIFEST);
    g_array_unref (image.layers);
}

static char *
index_entry (const char *full, const char *name)
{
    Digest digest = digest_of (MANIFEST, strlen (MANIFEST));
    g_autofree char *text = digest_to_text (&digest);

    return g_strdup_printf (
        "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"%s\","
        "\"size\":%zu,\"annotations\":{\"io.containerd.image.name\":\"%s\","
        "\"org.opencontainers.image.ref.name\":\"%s\"}}",
        text, strlen (MANIFEST), full, name);
}

#define INDEX                                                                                      \
    "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\","              \
    "\"manifests\":["

static void
test_index_bytes (void)
{
    StatementImage image = sample ();
    g_autoptr (GPtrArray) all = g_ptr_array_new ();
    g_autofree char *renamed = index_entry ("docker.io/library/x:1", "x:1");
    g_autofree char *own =
        index_entry ("docker.io/plant-hmi/server:1.5.0", "plant-hmi/server:1.5.0");
    g_autofree char *one = g_strconcat (INDEX, renamed, "]}", NULL);
    g_autofree char *two = g_strconcat (INDEX, own, ",", own, "]}", NULL);

    g_ptr_array_add (all, &image);
    g_ptr_array_add (all, &image);
    expect (oci_index (&image, "x:1"), one);
    expect (oci_index_all (all), two);
    g_array_unref (image.layers);
}

static void
test_docker_manifest_bytes (void)
{
    StatementImage image = sample ();

    expect (oci_docker_manifest (&image, "x:1"),
            "[{\"Config\":\"blobs/sha256/" A "\",\"RepoTags\":[\"x:1\"],\"Layers\":["
            "\"blobs/sha256/" B "\",\"blobs/sha256/" C "\"]}]");
    expect (oci_layout (), "{\"imageLayoutVersion\":\"1.0.0\"}");
    g_array_unref (image.layers);
}

static void
test_image_without_layers (void)
{
    StatementImage image = sample ();

    g_array_set_size (image.layers, 0);
    expect (oci_docker_manifest (&image, "x:1"),
            "[{\"Config\":\"blobs/sha256/" A "\",\"RepoTags\":[\"x:1\"],\"Layers\":[]}]");
    g_array_unref (image.layers);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/oci/manifest-bytes", test_manifest_bytes);
    g_test_add_func ("/oci/index-bytes", test_index_bytes);
    g_test_add_func ("/oci/docker-manifest-bytes", test_docker_manifest_bytes);
    g_test_add_func ("/oci/image-without-layers", test_image_without_layers);
    return g_test_run ();
}
