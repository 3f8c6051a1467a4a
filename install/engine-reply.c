/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/engine-reply.h"

#include "install/engine-json.h"
#include "install/json-member.h"
#include "manifest/limits.h"

#include <string.h>

/* One JSON text inside a run of several: finds where it ends. */
typedef struct {
    const char *at, *end;
} Scanner;

static gboolean
is_space (char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void
skip_space (Scanner *scan)
{
    while (scan->at < scan->end && is_space (*scan->at))
        scan->at++;
}

static void
skip_string (Scanner *scan)
{
    for (scan->at++; scan->at < scan->end && *scan->at != '"'; scan->at++)
        if (*scan->at == '\\' && scan->at + 1 < scan->end)
            scan->at++;
    if (scan->at < scan->end)
        scan->at++;
}

/* Moves over one object or array. Anything else at the top level is refused: no engine sends it. */
static gboolean
scan_value (Scanner *scan, GError **error)
{
    guint depth = 0;

    if (*scan->at != '{' && *scan->at != '[')
        return fail (error, ERR_ENGINE, "the engine's answer is not JSON");
    while (scan->at < scan->end) {
        char c = *scan->at;

        if (c == '"') {
            skip_string (scan);
            continue;
        }
        if (c == '{' || c == '[')
            depth++;
        scan->at++;
        if ((c == '}' || c == ']') && --depth == 0)
            return TRUE;
    }
    return fail (error, ERR_ENGINE, "the engine's answer ends in the middle of a value");
}

/* The next value of the run; *node is NULL at its end. */
static gboolean
next_value (Scanner *scan, JsonNode **node, GError **error)
{
    g_autoptr (GBytes) text = NULL;
    const char *start;

    skip_space (scan);
    start = scan->at;
    if (scan->at == scan->end) {
        *node = NULL;
        return TRUE;
    }
    if (!scan_value (scan, error))
        return FALSE;
    text = g_bytes_new_static (start, (gsize)(scan->at - start));
    *node = engine_json_parse (text, "loading an image", error);
    return *node != NULL;
}

char *
engine_reply_message (GBytes *body)
{
    g_autoptr (JsonNode) node = engine_json_parse_one (body, "", JSON_NODE_OBJECT, NULL);
    const char *message = node ? json_member_string (json_node_get_object (node), "message") : NULL;
    gsize length;
    const char *data = g_bytes_get_data (body, &length);
    g_autofree char *raw = g_strndup (data != NULL ? data : "", length);

    return error_quote (message != NULL ? message : raw);
}

ErrorCode
engine_reply_class (const char *words)
{
    return strstr (words, "no space left on device") != NULL ? ERR_SPACE : ERR_ENGINE;
}

static gboolean
check_load_object (JsonObject *object, GError **error)
{
    const char *text = json_member_string (object, "error");
    const char *stream = json_member_string (object, "stream");
    g_autofree char *shown = NULL;

    if (text == NULL)
        text = json_member_string (json_member_object (object, "errorDetail"), "message");
    if (text == NULL && (json_object_has_member (object, "error") ||
                         json_object_has_member (object, "errorDetail")))
        text = "an error without a message";
    if (text == NULL && stream != NULL && strstr (stream, "Error unpacking image") != NULL)
        text = stream;
    if (text == NULL)
        return TRUE;
    shown = error_quote (text);
    return fail (error, engine_reply_class (text), "the engine could not load the image: %s",
                 shown);
}

gboolean
engine_reply_check_load (GBytes *body, GError **error)
{
    gsize length;
    const char *data = g_bytes_get_data (body, &length);
    Scanner scan = { data, length > 0 ? data + length : data };

    for (;;) {
        g_autoptr (JsonNode) node = NULL;

        if (!next_value (&scan, &node, error))
            return fail_prefix (error, "loading an image");
        if (node == NULL)
            return TRUE;
        if (!JSON_NODE_HOLDS_OBJECT (node))
            return fail (error, ERR_ENGINE, "loading an image: the engine's answer is no object");
        if (!check_load_object (json_node_get_object (node), error))
            return FALSE;
    }
}

gboolean
engine_reply_version (GBytes *body, EngineInfo *info, GError **error)
{
    g_autoptr (JsonNode) node =
        engine_json_parse_one (body, "GET /version", JSON_NODE_OBJECT, error);
    JsonObject *object;
    JsonArray *components;
    const char *version, *os, *arch;

    if (node == NULL)
        return FALSE;
    object = json_node_get_object (node);
    version = json_member_string (object, "Version");
    os = json_member_string (object, "Os");
    arch = json_member_string (object, "Arch");
    if (version == NULL || os == NULL || arch == NULL)
        return fail (error, ERR_ENGINE, "GET /version: the engine gives no Version, Os and Arch");
    components = json_member_array (object, "Components");
    for (guint i = 0; components != NULL && i < json_array_get_length (components); i++) {
        const char *name = json_member_string (json_member_object_at (components, i), "Name");

        if (name != NULL && g_str_has_prefix (name, "Podman"))
            return fail (error, ERR_ENGINE, "this Podman is older than 4.0; use a newer one");
    }
    info->kind = ENGINE_DOCKER;
    info->version = error_quote (version);
    info->platform = g_strdup_printf ("%s/%s", os, arch);
    return TRUE;
}

/* DriverStatus is a list of pairs. */
static gboolean
is_containerd_store (JsonArray *status)
{
    for (guint i = 0; status != NULL && i < json_array_get_length (status); i++) {
        JsonNode *node = json_array_get_element (status, i);
        JsonArray *pair = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

        if (pair == NULL || json_array_get_length (pair) != 2)
            continue;
        if (g_strcmp0 (json_member_string_at (pair, 0), "driver-type") == 0 &&
            g_strcmp0 (json_member_string_at (pair, 1), "io.containerd.snapshotter.v1") == 0)
            return TRUE;
    }
    return FALSE;
}

static char *
quote_or_empty (const char *text)
{
    return text != NULL ? error_quote (text) : g_strdup ("");
}

gboolean
engine_reply_docker_info (GBytes *body, EngineInfo *info, GError **error)
{
    g_autoptr (JsonNode) node = engine_json_parse_one (body, "GET /info", JSON_NODE_OBJECT, error);
    JsonObject *object;
    JsonArray *security;

    if (node == NULL)
        return FALSE;
    object = json_node_get_object (node);
    if (json_member_string (object, "Driver") == NULL)
        return fail (error, ERR_ENGINE, "GET /info: the engine does not name its storage driver");
    info->driver = error_quote (json_member_string (object, "Driver"));
    info->id = quote_or_empty (json_member_string (object, "ID"));
    info->data_root = quote_or_empty (json_member_string (object, "DockerRootDir"));
    info->store = is_containerd_store (json_member_array (object, "DriverStatus"))
                      ? STORE_CONTAINERD
                      : STORE_GRAPHDRIVER;
    security = json_member_array (object, "SecurityOptions");
    for (guint i = 0; security != NULL && i < json_array_get_length (security); i++) {
        const char *option = json_member_string_at (security, i);

        if (option != NULL && strstr (option, "name=rootless") != NULL)
            info->rootless = TRUE;
    }
    return TRUE;
}

gboolean
engine_reply_podman_info (GBytes *body, EngineInfo *info, GError **error)
{
    g_autoptr (JsonNode) node =
        engine_json_parse_one (body, "GET /libpod/info", JSON_NODE_OBJECT, error);
    JsonObject *store, *host, *version;

    if (node == NULL)
        return FALSE;
    version = json_member_object (json_node_get_object (node), "version");
    store = json_member_object (json_node_get_object (node), "store");
    host = json_member_object (json_node_get_object (node), "host");
    if (json_member_string (store, "graphDriverName") == NULL || host == NULL)
        return fail (error, ERR_ENGINE,
                     "GET /libpod/info: the engine does not name its storage driver");
    if (json_member_string (version, "Version") == NULL ||
        json_member_string (version, "OsArch") == NULL)
        return fail (error, ERR_ENGINE, "GET /libpod/info: the engine gives no Version and OsArch");
    info->kind = ENGINE_PODMAN;
    info->version = error_quote (json_member_string (version, "Version"));
    info->platform = error_quote (json_member_string (version, "OsArch"));
    info->driver = error_quote (json_member_string (store, "graphDriverName"));
    info->data_root = quote_or_empty (json_member_string (store, "graphRoot"));
    info->id = g_strdup ("");
    info->store = STORE_PODMAN;
    info->rootless = json_member_boolean (json_member_object (host, "security"), "rootless");
    return TRUE;
}

static gboolean
parse_id (const char *text, Digest *id, GError **error)
{
    if (text == NULL)
        return fail (error, ERR_ENGINE, "the engine gives no image ID");
    if (digest_parse (text, id, NULL) || digest_parse_hex (text, id, NULL))
        return TRUE;
    return fail (error, ERR_ENGINE, "the engine gives an image ID that is no SHA-256");
}

static void
add_names (EngineImage *image, JsonArray *names)
{
    for (guint i = 0; names != NULL && i < json_array_get_length (names); i++) {
        const char *name = json_member_string_at (names, i);

        if (name != NULL && strcmp (name, "<none>:<none>") != 0)
            g_ptr_array_add (image->names, g_strdup (name));
    }
}

/* overlay2 and Podman's overlay: the highest layer is UpperDir, those below it are LowerDir,
 * highest first. Other drivers say something else, or nothing. */
static void
add_directories (EngineImage *image, JsonObject *data)
{
    const char *upper = json_member_string (data, "UpperDir"),
               *lower = json_member_string (data, "LowerDir");
    g_auto (GStrv) below = g_strsplit (lower != NULL ? lower : "", ":", LIMIT_LAYERS + 1);
    guint n = g_strv_length (below);

    if (upper == NULL || n + 1 != image->layers->len)
        return;
    for (guint i = n; i > 0; i--)
        g_ptr_array_add (image->directories, g_strdup (below[i - 1]));
    g_ptr_array_add (image->directories, g_strdup (upper));
}

EngineImage *
engine_reply_image (GBytes *body, GError **error)
{
    const char *what = "inspecting an image";
    g_autoptr (JsonNode) node = engine_json_parse_one (body, what, JSON_NODE_OBJECT, error);
    g_autoptr (EngineImage) image = engine_image_new ();
    JsonObject *driver;
    JsonArray *layers;

    if (node == NULL)
        return NULL;
    if (!parse_id (json_member_string (json_node_get_object (node), "Id"), &image->id, error)) {
        fail_prefix (error, "%s", what);
        return NULL;
    }
    add_names (image, json_member_array (json_node_get_object (node), "RepoTags"));
    layers =
        json_member_array (json_member_object (json_node_get_object (node), "RootFS"), "Layers");
    for (guint i = 0; layers != NULL && i < json_array_get_length (layers); i++) {
        const char *text = json_member_string_at (layers, i);
        Digest diffid;

        if (i >= LIMIT_LAYERS || text == NULL || !digest_parse (text, &diffid, NULL))
            return fail_null (error, ERR_ENGINE, "%s: layer %u of it is no SHA-256", what, i);
        g_array_append_val (image->layers, diffid);
    }
    driver = json_member_object (json_node_get_object (node), "GraphDriver");
    add_directories (image, json_member_object (driver, "Data"));
    return g_steal_pointer (&image);
}

/* IDs become parts of paths. */
static gboolean
is_container_id (const char *id)
{
    return id != NULL && strlen (id) == DIGEST_HEX_LENGTH &&
           strspn (id, "0123456789abcdef") == DIGEST_HEX_LENGTH;
}

GPtrArray *
engine_reply_containers (GBytes *body, GError **error)
{
    const char *what = "listing containers";
    g_autoptr (JsonNode) node = engine_json_parse_one (body, what, JSON_NODE_ARRAY, error);
    g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
    JsonArray *array;

    if (node == NULL)
        return NULL;
    array = json_node_get_array (node);
    for (guint i = 0; i < json_array_get_length (array); i++) {
        const char *id = json_member_string (json_member_object_at (array, i), "Id");

        if (!is_container_id (id))
            return fail_null (error, ERR_ENGINE, "%s: the engine gives no ID", what);
        g_ptr_array_add (ids, g_strdup (id));
    }
    return g_steal_pointer (&ids);
}

/* Podman gives an ID without "sha256:". */
static EngineContainer *
read_use (JsonObject *object)
{
    EngineContainer *container = g_new0 (EngineContainer, 1);
    JsonArray *names = json_member_array (object, "Names");
    const char *name = names != NULL ? json_member_string_at (names, 0) : NULL;
    const char *image = json_member_string (object, "ImageID");
    const char *reference = json_member_string (object, "Image");

    container->name = error_quote (name != NULL ? name + (*name == '/') : "");
    container->reference = error_quote (reference != NULL ? reference : "");
    container->running = g_strcmp0 (json_member_string (object, "State"), "running") == 0;
    container->health = g_strdup ("");
    if (image == NULL || !parse_id (image, &container->image, NULL))
        container->image = (Digest){ { 0 } };
    return container;
}

GPtrArray *
engine_reply_uses (GBytes *body, GError **error)
{
    g_autoptr (JsonNode) node =
        engine_json_parse_one (body, "listing containers", JSON_NODE_ARRAY, error);
    g_autoptr (GPtrArray) containers =
        g_ptr_array_new_with_free_func ((GDestroyNotify)engine_container_free);
    JsonArray *array;

    if (node == NULL)
        return NULL;
    array = json_node_get_array (node);
    for (guint i = 0; i < json_array_get_length (array); i++)
        g_ptr_array_add (containers, read_use (json_member_object_at (array, i)));
    return g_steal_pointer (&containers);
}

GPtrArray *
engine_reply_list (GBytes *body, GError **error)
{
    const char *what = "listing images";
    g_autoptr (JsonNode) node = engine_json_parse_one (body, what, JSON_NODE_ARRAY, error);
    g_autoptr (GPtrArray) images =
        g_ptr_array_new_with_free_func ((GDestroyNotify)engine_image_free);
    JsonArray *array;

    if (node == NULL)
        return NULL;
    array = json_node_get_array (node);
    for (guint i = 0; i < json_array_get_length (array); i++) {
        EngineImage *image = engine_image_new ();
        JsonObject *object = json_member_object_at (array, i);

        g_ptr_array_add (images, image);
        if (!parse_id (json_member_string (object, "Id"), &image->id, error)) {
            fail_prefix (error, "%s", what);
            return NULL;
        }
        add_names (image, json_member_array (object, "RepoTags"));
        image->bytes = json_member_count (object, "Size");
    }
    return g_steal_pointer (&images);
}

char *
engine_reply_created (GBytes *body, GError **error)
{
    const char *what = "creating a container";
    g_autoptr (JsonNode) node = engine_json_parse_one (body, what, JSON_NODE_OBJECT, error);
    const char *id;

    if (node == NULL)
        return NULL;
    id = json_member_string (json_node_get_object (node), "Id");
    if (!is_container_id (id))
        return fail_null (error, ERR_ENGINE, "%s: the engine gives no ID", what);
    return g_strdup (id);
}

/* Each piece has eight bytes before it: 0, 1 or 2 for the stream, three zeros, and its length, most
 * significant byte first. */
GBytes *
engine_reply_log (GBytes *body, GError **error)
{
    g_autoptr (GByteArray) text = g_byte_array_new ();
    gsize left;
    const guint8 *at = g_bytes_get_data (body, &left);

    while (left > 0) {
        guint32 length;

        if (left < 8 || at[0] > 2 || at[1] != 0 || at[2] != 0 || at[3] != 0)
            return fail_null (error, ERR_ENGINE,
                              "reading a container's log: not the engine's form");
        length = (guint32)at[4] << 24 | (guint32)at[5] << 16 | (guint32)at[6] << 8 | at[7];
        if (length > left - 8)
            return fail_null (error, ERR_ENGINE, "reading a container's log: it breaks off");
        g_byte_array_append (text, at + 8, length);
        at += 8 + length;
        left -= 8 + length;
    }
    return g_byte_array_free_to_bytes (g_steal_pointer (&text));
}

EngineContainer *
engine_reply_container (GBytes *body, GError **error)
{
    const char *what = "inspecting a container";
    g_autoptr (JsonNode) node = engine_json_parse_one (body, what, JSON_NODE_OBJECT, error);
    EngineContainer *container;
    JsonObject *state, *health, *config;
    const char *image;

    if (node == NULL)
        return NULL;
    state = json_member_object (json_node_get_object (node), "State");
    if (state == NULL)
        return fail_null (error, ERR_ENGINE, "%s: the engine gives no state", what);
    container = g_new0 (EngineContainer, 1);
    container->running = json_member_boolean (state, "Running");
    container->restarting = json_member_boolean (state, "Restarting");
    container->restarts = json_member_count (json_node_get_object (node), "RestartCount");
    health = json_member_object (state, "Health");
    container->health = quote_or_empty (json_member_string (health, "Status"));
    config = json_member_object (json_node_get_object (node), "Config");
    container->terminal = json_member_boolean (config, "Tty");
    container->reference = quote_or_empty (json_member_string (config, "Image"));
    image = json_member_string (json_node_get_object (node), "Image");
    if (image != NULL && !parse_id (image, &container->image, NULL))
        g_debug ("the image of a container has no ID");
    return container;
}
