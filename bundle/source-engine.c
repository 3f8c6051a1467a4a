/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/source-image.h"
#include "bundle/strictjson.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/message.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define MESSAGE_MAX 4096
#define CONNECT_SECONDS 10L

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CURL, curl_easy_cleanup)

static const char *const usual_sockets[] = {
    "/var/run/docker.sock",
    "/run/podman/podman.sock",
};

typedef struct {
    CURL *curl;
    int fd;
    Progress *progress;
    GString *message; /* the body of a refusal */
    GError *error;
} Answer;

static gboolean
is_socket (const char *path)
{
    struct stat st;

    return fstatat (AT_FDCWD, path, &st, 0) == 0 && S_ISSOCK (st.st_mode);
}

static const char *
find_socket (const char *engine, GError **error)
{
    if (engine != NULL && !g_str_has_prefix (engine, "unix:///"))
        return fail_null (error, ERR_USAGE, "engine '%s' is not of the form unix:///PATH", engine);
    if (engine != NULL)
        return engine + strlen ("unix://");
    for (gsize i = 0; i < G_N_ELEMENTS (usual_sockets); i++)
        if (is_socket (usual_sockets[i]))
            return usual_sockets[i];
    return fail_null (error, ERR_ENGINE,
                      "no engine listens at %s or %s; start it or name it: "
                      "--engine unix:///PATH",
                      usual_sockets[0], usual_sockets[1]);
}

static size_t
take_body (char *data, size_t size, size_t count, void *user)
{
    Answer *answer = user;
    long code = 0;

    curl_easy_getinfo (answer->curl, CURLINFO_RESPONSE_CODE, &code);
    if (code != 200) {
        gsize room = MESSAGE_MAX - MIN (answer->message->len, MESSAGE_MAX);

        g_string_append_len (answer->message, data, (gssize)MIN (count, room));
        return count;
    }
    if (!file_write_all (answer->fd, "temporary file", data, count, &answer->error))
        return 0;
    progress_add (answer->progress, count);
    return count;
}

/* {"message": "…"}, or whatever the engine said. */
static char *
refusal_text (const GString *message)
{
    g_autoptr (GBytes) bytes = g_bytes_new (message->str, message->len);
    g_autoptr (JsonNode) root = NULL;
    JsonObject *object = strictjson_parse_object (bytes, "answer", &root, NULL);
    const char *text = NULL;

    if (object == NULL || !strictjson_string (object, "message", "answer", &text, NULL) ||
        text == NULL)
        text = message->str;
    return error_quote (text);
}

static gboolean
judge (Answer *answer, CURLcode result, const char *socket, const char *image, GError **error)
{
    g_autofree char *text = NULL;
    long code = 0;

    if (answer->error != NULL) {
        g_propagate_error (error, g_steal_pointer (&answer->error));
        return FALSE;
    }
    if (result != CURLE_OK)
        return fail (error, ERR_ENGINE, "asking the engine at %s for the image failed: %s", socket,
                     curl_easy_strerror (result));
    curl_easy_getinfo (answer->curl, CURLINFO_RESPONSE_CODE, &code);
    if (code == 200)
        return TRUE;
    text = refusal_text (answer->message);
    return fail (error, ERR_ENGINE, "the engine at %s refused to save '%s' (HTTP %ld): %s", socket,
                 image, code, text);
}

/* What may stand in a URL path as it is: names need no more. */
static gboolean
check_name (const char *image, GError **error)
{
    g_autofree char *shown = error_quote (image);
    gsize length = strspn (image, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "._-/:@");

    if (image[length] != '\0' || *image == '/' || strstr (image, "..") != NULL)
        return fail (error, ERR_FORMAT, "'%s' is no image name", shown);
    return TRUE;
}

static gboolean
run (Answer *answer, const char *socket, const char *image, GError **error)
{
    const char *slash = strrchr (image, '/');
    gboolean tagged = strpbrk (slash == NULL ? image : slash, ":@") != NULL;
    g_autofree char *url =
        g_strconcat ("http://localhost/images/", image, tagged ? "" : ":latest", "/get", NULL);
    g_autofree char *what = message_printf ("saving %s from the engine", image);
    CURLcode result;

    curl_easy_setopt (answer->curl, CURLOPT_URL, url);
    curl_easy_setopt (answer->curl, CURLOPT_UNIX_SOCKET_PATH, socket);
    curl_easy_setopt (answer->curl, CURLOPT_PROXY, "");
    curl_easy_setopt (answer->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt (answer->curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt (answer->curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    curl_easy_setopt (answer->curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt (answer->curl, CURLOPT_WRITEDATA, answer);
    progress_begin (answer->progress, what, 0);
    result = curl_easy_perform (answer->curl);
    progress_end (answer->progress);
    return judge (answer, result, socket, image, error);
}

gboolean
source_engine_save (const char *image, const SourceOptions *options, int fd, GError **error)
{
    g_autoptr (CURL) curl = curl_easy_init ();
    g_autoptr (GString) message = g_string_new (NULL);
    Answer answer = { .curl = curl, .fd = fd, .progress = options->progress, .message = message };
    const char *socket;

    if (curl == NULL)
        return fail (error, ERR_FAILED, "libcurl can not start");
    if (!check_name (image, error))
        return FALSE;
    socket = find_socket (options->engine, error);
    return socket != NULL && run (&answer, socket, image, error);
}
