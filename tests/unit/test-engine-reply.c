/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "corpus.h"
#include "install/engine-reply.h"
#include "manifest/error.h"

#include <string.h>

#define ID "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

#define DIGEST_A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define DIGEST_B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define DIGEST_C "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static gboolean
read_image (GBytes *input, GError **error)
{
    g_autoptr (EngineImage) image = engine_reply_image (input, error);

    return image != NULL;
}

static void
test_load_replies (void)
{
    corpus_walk ("engine-load", engine_reply_check_load);
}

/* trust.md 104 */
static void
test_104_a_full_disk_is_told_by_words (void)
{
    const char *text = "{\"error\":\"write /x/layer.tar: no space left on device\"}";
    g_autoptr (GBytes) body = g_bytes_new_static (text, strlen (text));
    g_autoptr (GError) error = NULL;

    g_assert_false (engine_reply_check_load (body, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_SPACE);
}

static void
test_image_replies (void)
{
    corpus_walk ("engine-image", read_image);
}

static EngineImage *
image_of (const char *upper, const char *lower)
{
    static const char *const ids[] = { DIGEST_A, DIGEST_B, DIGEST_C };
    g_autofree char *text = g_strdup_printf (
        "{\"Id\":\"%s\",\"GraphDriver\":{\"Data\":{\"UpperDir\":%s,\"LowerDir\":%s}},"
        "\"RootFS\":{\"Layers\":[\"%s\",\"%s\",\"%s\"]}}",
        ids[0], upper, lower, ids[0], ids[1], ids[2]);
    g_autoptr (GBytes) body = g_bytes_new_static (text, strlen (text));
    g_autoptr (GError) error = NULL;
    EngineImage *image = engine_reply_image (body, &error);

    g_assert_no_error (error);
    return image;
}

static void
test_directories_are_lowest_first (void)
{
    g_autoptr (EngineImage) image = image_of ("\"/3\"", "\"/2:/1\"");

    g_assert_cmpuint (image->directories->len, ==, 3);
    g_assert_cmpstr (image->directories->pdata[0], ==, "/1");
    g_assert_cmpstr (image->directories->pdata[1], ==, "/2");
    g_assert_cmpstr (image->directories->pdata[2], ==, "/3");
}

/* One directory too few or too many could be that of another layer. */
static void
test_directories_are_for_all_layers_or_none (void)
{
    static const char *const lies[][2] = {
        { "\"/3\"", "\"/2\"" },  { "\"/3\"", "\"/2:/1:/0\"" }, { "\"/3\"", "null" },
        { "null", "\"/2:/1\"" }, { "3", "\"/2:/1\"" },         { "\"/3\"", "[\"/2\",\"/1\"]" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS (lies); i++) {
        g_autoptr (EngineImage) image = image_of (lies[i][0], lies[i][1]);

        g_assert_cmpuint (image->directories->len, ==, 0);
    }
}

static void
assert_store (const char *text, EngineStore store, gboolean rootless)
{
    g_autoptr (GBytes) body = g_bytes_new_static (text, strlen (text));
    g_autoptr (GError) error = NULL;
    EngineInfo info = { 0 };

    g_assert_true (engine_reply_docker_info (body, &info, &error) || error != NULL);
    g_assert_no_error (error);
    g_assert_cmpint (info.store, ==, store);
    g_assert_cmpint (info.rootless, ==, rootless);
    engine_info_clear (&info);
}

static void
test_the_store_is_told_by_driver_type (void)
{
    assert_store ("{\"Driver\":\"overlay2\",\"DriverStatus\":[[\"Backing Filesystem\",\"extfs\"]]}",
                  STORE_GRAPHDRIVER, FALSE);
    assert_store ("{\"Driver\":\"overlayfs\",\"DriverStatus\":"
                  "[[\"driver-type\",\"io.containerd.snapshotter.v1\"]]}",
                  STORE_CONTAINERD, FALSE);
    assert_store ("{\"Driver\":\"overlay2\",\"DriverStatus\":[7,[1],[null,null]],"
                  "\"SecurityOptions\":[3,\"name=rootless\"]}",
                  STORE_GRAPHDRIVER, TRUE);
}

static void
test_podman_says_all_in_one_answer (void)
{
    const char *text = "{\"host\":{\"security\":{\"rootless\":true}},"
                       "\"store\":{\"graphDriverName\":\"overlay\",\"graphRoot\":\"/x\"},"
                       "\"version\":{\"Version\":\"4.3.1\",\"OsArch\":\"linux/amd64\"}}";
    g_autoptr (GBytes) body = g_bytes_new_static (text, strlen (text));
    EngineInfo info = { 0 };

    g_assert_true (engine_reply_podman_info (body, &info, NULL));
    g_assert_cmpint (info.kind, ==, ENGINE_PODMAN);
    g_assert_cmpint (info.store, ==, STORE_PODMAN);
    g_assert_true (info.rootless);
    g_assert_cmpstr (info.platform, ==, "linux/amd64");
    engine_info_clear (&info);
}

static void
test_an_old_podman_is_refused (void)
{
    const char *text = "{\"Version\":\"3.0.1\",\"Os\":\"linux\",\"Arch\":\"amd64\","
                       "\"Components\":[{\"Name\":\"Podman Engine\"}]}";
    g_autoptr (GBytes) body = g_bytes_new_static (text, strlen (text));
    g_autoptr (GError) error = NULL;
    EngineInfo info = { 0 };

    g_assert_false (engine_reply_version (body, &info, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_ENGINE);
}

static void
test_a_container_id_is_only_digits (void)
{
    const char *text = "{\"Id\":\"../../images/prune\"}";
    g_autoptr (GBytes) body = g_bytes_new_static (text, strlen (text));
    g_autoptr (GError) error = NULL;

    g_assert_null (engine_reply_created (body, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_ENGINE);
}

static gboolean
take_uses (GBytes *input, GError **error)
{
    g_autoptr (GPtrArray) uses = engine_reply_uses (input, error);

    return uses != NULL;
}

/* What a container is called goes to the terminal, and its image is compared with others. */
static void
test_containers_say_what_they_are_made_of (void)
{
    static const char text[] =
        "[{\"Names\":[\"/web\"],\"Image\":\"app:1\",\"State\":\"running\",\"ImageID\":\"" ID "\"},"
        "{\"Names\":[\"\\u001b[1m\"],\"ImageID\":\"none\"}]";
    g_autoptr (GBytes) body = g_bytes_new_static (text, strlen (text));
    g_autoptr (GPtrArray) uses = engine_reply_uses (body, NULL);
    const EngineContainer *web = g_ptr_array_index (uses, 0), *odd = g_ptr_array_index (uses, 1);
    Digest id, none = { { 0 } };

    g_assert_true (digest_parse (ID, &id, NULL));
    g_assert_cmpstr (web->name, ==, "web");
    g_assert_cmpstr (web->reference, ==, "app:1");
    g_assert_true (web->running && digest_equal (&web->image, &id));
    g_assert_cmpstr (odd->name, ==, "\\x1b[1m");
    g_assert_true (!odd->running && digest_equal (&odd->image, &none));
    corpus_walk ("engine-containers", take_uses);
}

static void
test_097_containers_are_listed_by_digits (void)
{
    const char *text = "[{\"Id\":\"../../images/prune\"}]";
    g_autoptr (GBytes) body = g_bytes_new_static (text, strlen (text));
    g_autoptr (GError) error = NULL;

    g_assert_null (engine_reply_containers (body, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_ENGINE);
}

/* trust.md 106 */
static void
test_106_only_a_socket_is_asked (void)
{
    static const char *const urls[] = { "tcp://127.0.0.1:2375", "/var/run/docker.sock", "unix://x",
                                        "" };

    for (gsize i = 0; i < G_N_ELEMENTS (urls); i++) {
        g_autoptr (GError) error = NULL;

        g_assert_null (engine_open (urls[i], &error));
        g_assert_error (error, HANDCARRY_ERROR, ERR_USAGE);
    }
    for (gsize i = 0; i < 2; i++) {
        g_autoptr (GError) error = NULL;

        g_assert_null (engine_open (i ? "unix:///dev/null" : "unix:///nowhere", &error));
        g_assert_error (error, HANDCARRY_ERROR, ERR_ENGINE);
    }
}

static gboolean
take_log (GBytes *body, GError **error)
{
    g_autoptr (GBytes) text = engine_reply_log (body, error);

    return text != NULL;
}

static void
test_logs (void)
{
    static const guint8 two[] = "\1\0\0\0\0\0\0\2ab\2\0\0\0\0\0\0\1c";
    g_autoptr (GBytes) body = g_bytes_new_static (two, sizeof two - 1);
    g_autoptr (GBytes) text = engine_reply_log (body, NULL);

    g_assert_cmpmem (g_bytes_get_data (text, NULL), g_bytes_get_size (text), "abc", 3);
    corpus_walk ("engine-log", take_log);
}

static void
test_a_container_says_what_it_is_made_of (void)
{
    const char *text = "{\"State\":{\"Running\":true},\"Image\":\"sha256:"
                       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\","
                       "\"Config\":{\"Image\":\"plant/server:1\",\"Tty\":true}}";
    g_autoptr (GBytes) body = g_bytes_new_static (text, strlen (text));
    g_autoptr (EngineContainer) container = engine_reply_container (body, NULL);

    g_assert_cmpstr (container->reference, ==, "plant/server:1");
    g_assert_cmpuint (container->image.b[31], ==, 0xaa);
    g_assert_true (container->terminal);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/engine-reply/load", test_load_replies);
    g_test_add_func ("/engine-reply/104-full-disk", test_104_a_full_disk_is_told_by_words);
    g_test_add_func ("/engine-reply/image", test_image_replies);
    g_test_add_func ("/engine-reply/directories", test_directories_are_lowest_first);
    g_test_add_func ("/engine-reply/directories-for-all",
                     test_directories_are_for_all_layers_or_none);
    g_test_add_func ("/engine-reply/uses", test_containers_say_what_they_are_made_of);
    g_test_add_func ("/engine-reply/097-containers", test_097_containers_are_listed_by_digits);
    g_test_add_func ("/engine-reply/store", test_the_store_is_told_by_driver_type);
    g_test_add_func ("/engine-reply/podman", test_podman_says_all_in_one_answer);
    g_test_add_func ("/engine-reply/old-podman", test_an_old_podman_is_refused);
    g_test_add_func ("/engine-reply/container-id", test_a_container_id_is_only_digits);
    g_test_add_func ("/engine-reply/106-only-a-socket", test_106_only_a_socket_is_asked);
    g_test_add_func ("/engine-reply/log", test_logs);
    g_test_add_func ("/engine-reply/made-of", test_a_container_says_what_it_is_made_of);
    return g_test_run ();
}
