/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/engine-http.h"

#include "manifest/error.h"
#include "manifest/limits.h"

#include <curl/curl.h>
#include <string.h>

#define REQUEST_MILLISECONDS 120000L
#define CONNECT_SECONDS 10L
#define UPLOAD_BUFFER (512L * 1024)
#define STREAM_BUFFER (512L * 1024)
#define STREAM_MILLISECONDS 500

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CURL, curl_easy_cleanup)
typedef struct curl_slist HeaderList;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeaderList, curl_slist_free_all)

struct EngineHttp {
    char *socket;
    CURL *curl; /* kept between requests: one connection */
    long milliseconds;
};

/* What one transfer needs while it runs. */
typedef struct {
    GByteArray *body;
    gboolean too_long;
    EngineBodyFunc read;
    EngineStopFunc stop;
    gpointer data;
    gboolean given_up; /* by read or stop */
    char message[CURL_ERROR_SIZE];
} Transfer;

void
engine_reply_clear (EngineReply *reply)
{
    g_clear_pointer (&reply->body, g_bytes_unref);
    reply->status = 0;
}

EngineHttp *
engine_http_new (const char *socket)
{
    EngineHttp *http = g_new0 (EngineHttp, 1);

    http->socket = g_strdup (socket);
    http->curl = curl_easy_init ();
    g_assert (http->curl != NULL);
    engine_http_set_limit (http, 0);
    return http;
}

void
engine_http_set_limit (EngineHttp *http, guint milliseconds)
{
    http->milliseconds = milliseconds != 0 ? (long)milliseconds : REQUEST_MILLISECONDS;
}

void
engine_http_free (EngineHttp *http)
{
    if (http == NULL)
        return;
    curl_easy_cleanup (http->curl);
    g_free (http->socket);
    g_free (http);
}

static size_t
on_write (char *bytes, size_t size, size_t count, void *data)
{
    Transfer *transfer = data;
    gsize length = size * count;

    if (transfer->body->len + length > LIMIT_JSON_BYTES) {
        transfer->too_long = TRUE;
        return 0;
    }
    g_byte_array_append (transfer->body, (const guint8 *)bytes, (guint)length);
    return length;
}

static size_t
on_begin (char *bytes, size_t size, size_t count, void *data)
{
    Transfer *transfer = data;
    gsize room = ENGINE_HTTP_BODY - transfer->body->len;

    g_byte_array_append (transfer->body, (const guint8 *)bytes, (guint)MIN (size * count, room));
    return size * count;
}

static size_t
on_read (char *buffer, size_t size, size_t count, void *data)
{
    Transfer *transfer = data;
    gssize n = transfer->read ((guint8 *)buffer, size * count, transfer->data);

    if (n >= 0)
        return (size_t)n;
    transfer->given_up = TRUE;
    return CURL_READFUNC_ABORT;
}

static int
on_progress (void *data, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal, curl_off_t ulnow)
{
    Transfer *transfer = data;

    if (transfer->stop == NULL || !transfer->stop (transfer->data))
        return 0;
    transfer->given_up = TRUE;
    return 1;
}

/* NOPROXY "*" and no redirects: http_proxy in the environment must not move a request. */
static void
set_common (CURL *curl, Transfer *transfer)
{
    curl_easy_reset (curl);
    curl_easy_setopt (curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt (curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt (curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt (curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt (curl, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt (curl, CURLOPT_ERRORBUFFER, transfer->message);
    curl_easy_setopt (curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
}

static void
set_engine (CURL *curl, const char *socket, Transfer *transfer, const char *url)
{
    set_common (curl, transfer);
    curl_easy_setopt (curl, CURLOPT_UNIX_SOCKET_PATH, socket);
    curl_easy_setopt (curl, CURLOPT_URL, url);
    curl_easy_setopt (curl, CURLOPT_WRITEFUNCTION, on_write);
    curl_easy_setopt (curl, CURLOPT_WRITEDATA, transfer);
}

static gboolean
finish (EngineHttp *http, Transfer *transfer, CURLcode code, const char *what, EngineReply *reply,
        GError **error)
{
    long status = 0;
    const char *why = transfer->message[0] ? transfer->message : curl_easy_strerror (code);

    curl_easy_getinfo (http->curl, CURLINFO_RESPONSE_CODE, &status);
    if (transfer->given_up)
        return fail (error, ERR_FAILED, "%s: stopped before its end", what);
    if (transfer->too_long)
        return fail (error, ERR_ENGINE, "%s: the engine at '%s' answers with more than %d bytes",
                     what, http->socket, LIMIT_JSON_BYTES);
    if (code == CURLE_COULDNT_CONNECT)
        return fail (error, ERR_ENGINE,
                     "cannot reach the engine: nothing answers at '%s'; start it, or name another "
                     "socket with --engine",
                     http->socket);
    /* A body cut short by an answer with an error status: the answer is what matters. */
    if (code != CURLE_OK && (status < 400 || transfer->body->len == 0))
        return fail (error, ERR_ENGINE,
                     "%s: no whole answer from the engine at '%s': %s; is it running?", what,
                     http->socket, why);
    reply->status = (guint)status;
    reply->body = g_byte_array_free_to_bytes (g_steal_pointer (&transfer->body));
    return TRUE;
}

static void
transfer_clear (Transfer *transfer)
{
    g_clear_pointer (&transfer->body, g_byte_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Transfer, transfer_clear)

gboolean
engine_http_request (EngineHttp *http, const char *method, const char *path, const char *json,
                     EngineReply *reply, GError **error)
{
    g_auto (Transfer) transfer = { .body = g_byte_array_new () };
    g_autoptr (HeaderList) headers = curl_slist_append (NULL, "Content-Type: application/json");
    g_autofree char *url = g_strconcat ("http://engine", path, NULL);
    g_autofree char *what = g_strdup_printf ("%s %s", method, path);
    CURLcode code;

    set_engine (http->curl, http->socket, &transfer, url);
    curl_easy_setopt (http->curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt (http->curl, CURLOPT_TIMEOUT_MS, http->milliseconds);
    if (json != NULL || strcmp (method, "POST") == 0) {
        curl_easy_setopt (http->curl, CURLOPT_POSTFIELDS, json != NULL ? json : "");
        curl_easy_setopt (http->curl, CURLOPT_HTTPHEADER, headers);
    }
    code = curl_easy_perform (http->curl);
    return finish (http, &transfer, code, what, reply, error);
}

gboolean
engine_http_upload (EngineHttp *http, const char *path, EngineBodyFunc body, EngineStopFunc stop,
                    gpointer data, EngineReply *reply, GError **error)
{
    g_auto (Transfer)
        transfer = { .body = g_byte_array_new (), .read = body, .stop = stop, .data = data };
    g_autoptr (HeaderList) headers = curl_slist_append (NULL, "Content-Type: application/x-tar");
    g_autofree char *url = g_strconcat ("http://engine", path, NULL);
    g_autofree char *what = g_strdup_printf ("POST %s", path);
    CURLcode code;

    headers = curl_slist_append (headers, "Transfer-Encoding: chunked");
    headers = curl_slist_append (headers, "Expect:");
    set_engine (http->curl, http->socket, &transfer, url);
    curl_easy_setopt (http->curl, CURLOPT_POST, 1L);
    curl_easy_setopt (http->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt (http->curl, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt (http->curl, CURLOPT_READDATA, &transfer);
    curl_easy_setopt (http->curl, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER);
    curl_easy_setopt (http->curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt (http->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt (http->curl, CURLOPT_XFERINFODATA, &transfer);
    /* A new connection: an engine that gave up on the last one may have closed it. */
    curl_easy_setopt (http->curl, CURLOPT_FRESH_CONNECT, 1L);
    code = curl_easy_perform (http->curl);
    return finish (http, &transfer, code, what, reply, error);
}

struct EngineStream {
    CURLM *multi;
    CURL *curl;
    Transfer transfer;   /* body: what came and was not read */
    GByteArray *current; /* what was read last */
    char *what;
    EngineHttp *http; /* borrowed */
    gboolean over;
    CURLcode code; /* once it is over */
};

static size_t
on_piece (char *bytes, size_t size, size_t count, void *data)
{
    Transfer *transfer = data;

    g_byte_array_append (transfer->body, (const guint8 *)bytes, (guint)(size * count));
    return size * count;
}

void
engine_stream_free (EngineStream *stream)
{
    if (stream == NULL)
        return;
    if (stream->curl != NULL)
        curl_multi_remove_handle (stream->multi, stream->curl);
    curl_easy_cleanup (stream->curl);
    curl_multi_cleanup (stream->multi);
    transfer_clear (&stream->transfer);
    g_clear_pointer (&stream->current, g_byte_array_unref);
    g_free (stream->what);
    g_free (stream);
}

/* Lets libcurl work until bytes came, the transfer ended, or it was told to stop. */
static gboolean
stream_wait (EngineStream *stream, GError **error)
{
    Transfer *transfer = &stream->transfer;
    CURLMsg *message;
    int n;

    while (transfer->body->len == 0 && !stream->over) {
        if (transfer->stop != NULL && transfer->stop (transfer->data))
            return fail (error, ERR_FAILED, "%s: stopped before its end", stream->what);
        if (curl_multi_perform (stream->multi, &n) != CURLM_OK)
            return fail (error, ERR_ENGINE, "%s: libcurl failed", stream->what);
        while ((message = curl_multi_info_read (stream->multi, &n)) != NULL) {
            stream->over = TRUE;
            stream->code = message->data.result;
        }
        if (transfer->body->len == 0 && !stream->over &&
            curl_multi_poll (stream->multi, NULL, 0, STREAM_MILLISECONDS, NULL) != CURLM_OK)
            return fail (error, ERR_ENGINE, "%s: libcurl failed", stream->what);
    }
    if (transfer->body->len > 0 || stream->code == CURLE_OK)
        return TRUE;
    return fail (error, ERR_ENGINE, "%s: the answer of the engine at '%s' broke off: %s",
                 stream->what, stream->http->socket,
                 transfer->message[0] ? transfer->message : curl_easy_strerror (stream->code));
}

static EngineStream *
stream_new (EngineHttp *http, const char *path, EngineStopFunc stop, gpointer data)
{
    EngineStream *stream = g_new0 (EngineStream, 1);
    g_autofree char *url = g_strconcat ("http://engine", path, NULL);

    stream->http = http;
    stream->what = g_strdup_printf ("GET %s", path);
    stream->transfer = (Transfer){ .body = g_byte_array_new (), .stop = stop, .data = data };
    stream->current = g_byte_array_new ();
    stream->multi = curl_multi_init ();
    stream->curl = curl_easy_init ();
    g_assert (stream->multi != NULL && stream->curl != NULL);
    set_engine (stream->curl, http->socket, &stream->transfer, url);
    curl_easy_setopt (stream->curl, CURLOPT_WRITEFUNCTION, on_piece);
    curl_easy_setopt (stream->curl, CURLOPT_BUFFERSIZE, STREAM_BUFFER);
    curl_multi_add_handle (stream->multi, stream->curl);
    return stream;
}

/* The rest of an answer that is no stream: the engine's words, cut where they are too long. */
static void
take_refusal (EngineStream *stream, long status, EngineReply *reply, GError **error)
{
    const guint8 *bytes;
    g_autoptr (GByteArray) all = g_byte_array_new ();
    gssize n;

    while ((n = engine_stream_read (stream, &bytes, error)) > 0)
        if (all->len + (gsize)n <= LIMIT_JSON_BYTES)
            g_byte_array_append (all, bytes, (guint)n);
    if (n < 0)
        return;
    reply->status = (guint)status;
    reply->body = g_byte_array_free_to_bytes (g_steal_pointer (&all));
}

EngineStream *
engine_stream_open (EngineHttp *http, const char *path, EngineStopFunc stop, gpointer data,
                    EngineReply *reply, GError **error)
{
    g_autoptr (EngineStream) stream = stream_new (http, path, stop, data);
    long status = 0;

    if (!stream_wait (stream, error))
        return NULL;
    curl_easy_getinfo (stream->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status == 200)
        return g_steal_pointer (&stream);
    take_refusal (stream, status, reply, error);
    return NULL;
}

gssize
engine_stream_read (EngineStream *stream, const guint8 **bytes, GError **error)
{
    GByteArray *empty = stream->current;

    if (!stream_wait (stream, error))
        return -1;
    stream->current = stream->transfer.body;
    stream->transfer.body = empty;
    g_byte_array_set_size (empty, 0);
    *bytes = stream->current->data;
    return (gssize)stream->current->len;
}

gboolean
engine_http_get (const char *url, guint milliseconds, EngineReply *reply, GError **error)
{
    g_auto (Transfer) transfer = { .body = g_byte_array_new () };
    g_autoptr (CURL) curl = curl_easy_init ();
    long found = 0;
    CURLcode code;

    g_assert (curl != NULL);
    set_common (curl, &transfer);
    curl_easy_setopt (curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt (curl, CURLOPT_URL, url);
    curl_easy_setopt (curl, CURLOPT_WRITEFUNCTION, on_begin);
    curl_easy_setopt (curl, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt (curl, CURLOPT_TIMEOUT_MS, (long)milliseconds);
    code = curl_easy_perform (curl);
    if (code != CURLE_OK)
        return fail (error, ERR_FAILED, "GET %s: %s", url,
                     transfer.message[0] ? transfer.message : curl_easy_strerror (code));
    curl_easy_getinfo (curl, CURLINFO_RESPONSE_CODE, &found);
    reply->status = (guint)found;
    reply->body = g_byte_array_free_to_bytes (g_steal_pointer (&transfer.body));
    return TRUE;
}
