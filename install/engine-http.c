/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/engine-http.h"

#include "manifest/error.h"
#include "manifest/limits.h"

#include <curl/curl.h>
#include <string.h>

#define REQUEST_SECONDS 120L
#define CONNECT_SECONDS 10L
#define UPLOAD_BUFFER (512L * 1024)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CURL, curl_easy_cleanup)
typedef struct curl_slist HeaderList;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeaderList, curl_slist_free_all)

struct EngineHttp {
    char *socket;
    CURL *curl; /* kept between requests: one connection */
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
    return http;
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
on_drop (char *bytes, size_t size, size_t count, void *data)
{
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
set_engine (EngineHttp *http, Transfer *transfer, const char *url)
{
    set_common (http->curl, transfer);
    curl_easy_setopt (http->curl, CURLOPT_UNIX_SOCKET_PATH, http->socket);
    curl_easy_setopt (http->curl, CURLOPT_URL, url);
    curl_easy_setopt (http->curl, CURLOPT_WRITEFUNCTION, on_write);
    curl_easy_setopt (http->curl, CURLOPT_WRITEDATA, transfer);
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

    set_engine (http, &transfer, url);
    curl_easy_setopt (http->curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt (http->curl, CURLOPT_TIMEOUT, REQUEST_SECONDS);
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
    set_engine (http, &transfer, url);
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

gboolean
engine_http_get_status (const char *url, guint milliseconds, guint *status, GError **error)
{
    Transfer transfer = { 0 };
    g_autoptr (CURL) curl = curl_easy_init ();
    long found = 0;
    CURLcode code;

    g_assert (curl != NULL);
    set_common (curl, &transfer);
    curl_easy_setopt (curl, CURLOPT_URL, url);
    curl_easy_setopt (curl, CURLOPT_WRITEFUNCTION, on_drop);
    curl_easy_setopt (curl, CURLOPT_TIMEOUT_MS, (long)milliseconds);
    code = curl_easy_perform (curl);
    if (code != CURLE_OK)
        return fail (error, ERR_FAILED, "GET %s: %s", url,
                     transfer.message[0] ? transfer.message : curl_easy_strerror (code));
    curl_easy_getinfo (curl, CURLINFO_RESPONSE_CODE, &found);
    *status = (guint)found;
    return TRUE;
}
