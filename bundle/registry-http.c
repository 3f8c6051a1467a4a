/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/registry-http.h"

#include "manifest/error.h"

#include <curl/curl.h>
#include <string.h>

#define CONNECT_SECONDS 15L
#define SLOW_BYTES 1024L /* a second */
#define HEADERS_MAX (64 * 1024)
#define BUFFER_BYTES (256L * 1024)
#define USER_AGENT "handcarry/" HANDCARRY_VERSION

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CURLU, curl_url_cleanup)
typedef struct curl_slist HeaderList;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeaderList, curl_slist_free_all)

struct HttpClient {
    GMutex mutex;
    GQueue idle; /* CURL *: a handle keeps its connections */
};

/* One exchange while it runs. */
typedef struct {
    CURL *curl;
    const HttpRequest *request;
    HttpReply *reply;
    gsize header_bytes;
    GError *error; /* why it was ended from here */
    char message[CURL_ERROR_SIZE];
} Exchange;

HttpClient *
http_client_new (void)
{
    static gsize ready = 0;
    HttpClient *client = g_new0 (HttpClient, 1);

    /* Not left to the first of several threads. */
    if (g_once_init_enter (&ready)) {
        curl_global_init (CURL_GLOBAL_DEFAULT);
        g_once_init_leave (&ready, 1);
    }

    g_mutex_init (&client->mutex);
    g_queue_init (&client->idle);
    return client;
}

void
http_client_free (HttpClient *client)
{
    if (client == NULL)
        return;
    g_queue_clear_full (&client->idle, (GDestroyNotify)curl_easy_cleanup);
    g_mutex_clear (&client->mutex);
    g_free (client);
}

static CURL *
take_handle (HttpClient *client)
{
    CURL *curl;

    g_mutex_lock (&client->mutex);
    curl = g_queue_pop_head (&client->idle);
    g_mutex_unlock (&client->mutex);
    return curl != NULL ? curl : curl_easy_init ();
}

static void
give_handle (HttpClient *client, CURL *curl)
{
    /* Nothing of this request, a secret least of all, is to stand in the next. */
    curl_easy_reset (curl);
    g_mutex_lock (&client->mutex);
    g_queue_push_head (&client->idle, curl);
    g_mutex_unlock (&client->mutex);
}

void
http_reply_clear (HttpReply *reply)
{
    g_clear_pointer (&reply->location, g_free);
    g_clear_pointer (&reply->type, g_free);
    g_clear_pointer (&reply->range, g_free);
    g_clear_pointer (&reply->digest, g_free);
    g_clear_pointer (&reply->challenges, g_ptr_array_unref);
    g_clear_pointer (&reply->body, g_byte_array_unref);
    memset (reply, 0, sizeof *reply);
}

static void
reply_begin (HttpReply *reply)
{
    http_reply_clear (reply);
    reply->length = -1;
    reply->challenges = g_ptr_array_new_with_free_func (g_free);
    reply->body = g_byte_array_new ();
}

static gboolean
is_header (const char *line, const char *name, char **value)
{
    gsize length = strlen (name);

    if (g_ascii_strncasecmp (line, name, length) != 0 || line[length] != ':')
        return FALSE;
    *value = g_strstrip (g_strdup (line + length + 1));
    return TRUE;
}

static void
keep_header (HttpReply *reply, const char *line)
{
    struct {
        const char *name;
        char **place;
    } const wanted[] = {
        { "Location", &reply->location },
        { "Content-Type", &reply->type },
        { "Content-Range", &reply->range },
        { "Docker-Content-Digest", &reply->digest },
    };
    char *value;

    if (is_header (line, "WWW-Authenticate", &value)) {
        g_ptr_array_add (reply->challenges, value);
        return;
    }
    for (gsize i = 0; i < G_N_ELEMENTS (wanted); i++) {
        if (!is_header (line, wanted[i].name, &value))
            continue;
        g_free (*wanted[i].place);
        *wanted[i].place = value;
        return;
    }
}

static size_t
on_header (char *bytes, size_t size, size_t count, void *data)
{
    Exchange *exchange = data;
    g_autofree char *line = g_strndup (bytes, count);

    exchange->header_bytes += count;
    if (exchange->header_bytes > HEADERS_MAX) {
        fail (&exchange->error, ERR_FORMAT, "its answer has more than %d bytes of headers",
              HEADERS_MAX);
        return 0;
    }
    /* A "100 Continue" or the answer of a proxy came before: what counts is the last. */
    if (g_str_has_prefix (line, "HTTP/"))
        reply_begin (exchange->reply);
    else
        keep_header (exchange->reply, line);
    return count;
}

static void
read_status (Exchange *exchange)
{
    HttpReply *reply = exchange->reply;
    curl_off_t length = -1, wait = 0;
    long status = 0;

    curl_easy_getinfo (exchange->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo (exchange->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    curl_easy_getinfo (exchange->curl, CURLINFO_RETRY_AFTER, &wait);
    reply->status = (guint)status;
    reply->length = length;
    reply->wait = wait > 0 ? (guint64)wait : 0;
}

static size_t
on_body (char *bytes, size_t size, size_t count, void *data)
{
    Exchange *exchange = data;
    const HttpRequest *request = exchange->request;
    HttpReply *reply = exchange->reply;
    gsize room = request->limit - MIN (reply->body->len, request->limit);
    gboolean wanted;

    read_status (exchange);
    wanted = reply->status == 200 || reply->status == 206;
    if (wanted && request->take != NULL)
        return request->take (reply, (const guint8 *)bytes, count, request->data, &exchange->error)
                   ? count
                   : 0;
    if (wanted && count > room) {
        fail (&exchange->error, ERR_FORMAT, "its answer has more than %" G_GSIZE_FORMAT " bytes",
              request->limit);
        return 0;
    }
    g_byte_array_append (reply->body, (const guint8 *)bytes, (guint)MIN (count, room));
    /* The rest of a refusal's text may be endless. */
    return count <= room ? count : 0;
}

static int
on_progress (void *data, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal, curl_off_t ulnow)
{
    Exchange *exchange = data;

    return exchange->error == NULL && g_cancellable_is_cancelled (exchange->request->cancellable);
}

static HeaderList *
make_headers (const HttpRequest *request)
{
    g_autofree char *accept = g_strconcat ("Accept: ", request->accept, NULL);
    g_autofree char *range = g_strdup_printf ("Range: bytes=%" G_GUINT64_FORMAT "-", request->from);
    g_autofree char *authorization = g_strconcat ("Authorization: ", request->authorization, NULL);
    /* Digests are of the bytes as they are. */
    HeaderList *headers = curl_slist_append (NULL, "Accept-Encoding: identity");

    if (request->accept != NULL)
        headers = curl_slist_append (headers, accept);
    if (request->from > 0)
        headers = curl_slist_append (headers, range);
    if (request->authorization != NULL)
        headers = curl_slist_append (headers, authorization);
    return headers;
}

static void
set_tls (CURL *curl, const HttpRequest *request)
{
    curl_easy_setopt (curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt (curl, CURLOPT_SSL_VERIFYPEER, request->unverified ? 0L : 1L);
    curl_easy_setopt (curl, CURLOPT_SSL_VERIFYHOST, request->unverified ? 0L : 2L);
    if (request->authorities != NULL)
        curl_easy_setopt (curl, CURLOPT_CAINFO, request->authorities);
    if (request->certificate != NULL) {
        curl_easy_setopt (curl, CURLOPT_SSLCERT, request->certificate);
        curl_easy_setopt (curl, CURLOPT_SSLKEY, request->key);
    }
}

static void
set_limits (CURL *curl, const HttpRequest *request)
{
    curl_easy_setopt (curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    curl_easy_setopt (curl, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES);
    curl_easy_setopt (curl, CURLOPT_LOW_SPEED_TIME, (long)request->slow_seconds);
    curl_easy_setopt (curl, CURLOPT_TIMEOUT, (long)request->seconds);
    curl_easy_setopt (curl, CURLOPT_BUFFERSIZE, BUFFER_BYTES);
}

/* The proxy is libcurl's own choice, by the usual variables. HTTP/2 would gain nothing: a handle
 * has one request at a time. */
static void
set_request (Exchange *exchange, HeaderList *headers)
{
    const HttpRequest *request = exchange->request;
    CURL *curl = exchange->curl;

    curl_easy_setopt (curl, CURLOPT_URL, request->url);
    curl_easy_setopt (curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt (curl, CURLOPT_USERAGENT, USER_AGENT);
    curl_easy_setopt (curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt (curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt (curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt (curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt (curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt (curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt (curl, CURLOPT_ERRORBUFFER, exchange->message);
    if (request->form != NULL)
        curl_easy_setopt (curl, CURLOPT_POSTFIELDS, request->form);
    curl_easy_setopt (curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt (curl, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt (curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt (curl, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt (curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt (curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt (curl, CURLOPT_XFERINFODATA, exchange);
    set_tls (curl, request);
    set_limits (curl, request);
}

static HttpOutcome
outcome_of (CURLcode code)
{
    const CURLcode unreachable[] = { CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY,
                                     CURLE_COULDNT_CONNECT };
    const CURLcode untrusted[] = { CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION,
                                   CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE,
                                   CURLE_SSL_ISSUER_ERROR };
    const CURLcode refused[] = { CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT,
                                 CURLE_WEIRD_SERVER_REPLY };

    for (gsize i = 0; i < G_N_ELEMENTS (unreachable); i++)
        if (code == unreachable[i])
            return HTTP_UNREACHABLE;
    for (gsize i = 0; i < G_N_ELEMENTS (untrusted); i++)
        if (code == untrusted[i])
            return HTTP_UNTRUSTED;
    for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
        if (code == refused[i])
            return HTTP_REFUSED;
    return HTTP_BROKEN;
}

/* What libcurl says of a proxy that it can not read shows the variable, password and all. Caller
 * frees. */
static char *
describe_failure (const Exchange *exchange, CURLcode code)
{
    const char *message = exchange->message;

    return error_quote (
        *message != '\0' && strchr (message, '@') == NULL ? message : curl_easy_strerror (code));
}

static gboolean
finish (Exchange *exchange, CURLcode code, GError **error)
{
    const HttpRequest *request = exchange->request;
    g_autofree char *origin = http_url_origin (request->url);
    g_autofree char *why = describe_failure (exchange, code);

    read_status (exchange);
    if (exchange->error != NULL) {
        exchange->reply->outcome = HTTP_REFUSED;
        g_propagate_error (error, g_steal_pointer (&exchange->error));
        return FALSE;
    }
    if (g_cancellable_is_cancelled (request->cancellable)) {
        exchange->reply->outcome = HTTP_REFUSED;
        return fail (error, ERR_FAILED, "stopped");
    }
    /* The body of a refusal was cut: its status is what matters. */
    if (code == CURLE_WRITE_ERROR && exchange->reply->status >= 300)
        code = CURLE_OK;
    exchange->reply->outcome = code == CURLE_OK ? HTTP_ANSWERED : outcome_of (code);
    if (code == CURLE_OK)
        return TRUE;
    return fail (error, exchange->reply->outcome == HTTP_REFUSED ? ERR_FORMAT : ERR_ENGINE,
                 "no whole answer from %s: %s", origin != NULL ? origin : "a URL that is none",
                 why);
}

gboolean
http_exchange (HttpClient *client, const HttpRequest *request, HttpReply *reply, GError **error)
{
    Exchange exchange = { .request = request, .reply = reply };
    g_autoptr (HeaderList) headers = make_headers (request);
    CURLcode code;
    gboolean ok;

    reply_begin (reply);
    exchange.curl = take_handle (client);
    if (exchange.curl == NULL)
        return fail (error, ERR_FAILED, "libcurl can not start");
    set_request (&exchange, headers);
    code = curl_easy_perform (exchange.curl);
    ok = finish (&exchange, code, error);
    give_handle (client, exchange.curl);
    return ok;
}

static CURLU *
parse_url (const char *url)
{
    g_autoptr (CURLU) parsed = curl_url ();

    if (parsed == NULL || curl_url_set (parsed, CURLUPART_URL, url, 0) != CURLUE_OK)
        return NULL;
    return g_steal_pointer (&parsed);
}

/* NULL for a part that is not there. Caller frees. */
static char *
url_part (CURLU *url, CURLUPart part, guint flags)
{
    char *text = NULL, *copy;

    if (curl_url_get (url, part, &text, flags) != CURLUE_OK)
        return NULL;
    copy = g_strdup (text);
    curl_free (text);
    return copy;
}

char *
http_url_resolve (const char *base, const char *location, GError **error)
{
    g_autoptr (CURLU) url = parse_url (base);
    g_autofree char *scheme = NULL, *user = NULL, *password = NULL;

    if (url == NULL || curl_url_set (url, CURLUPART_URL, location, 0) != CURLUE_OK)
        return fail_null (error, ERR_FORMAT, "it names a place that is no URL");
    scheme = url_part (url, CURLUPART_SCHEME, 0);
    user = url_part (url, CURLUPART_USER, 0);
    password = url_part (url, CURLUPART_PASSWORD, 0);
    if (g_strcmp0 (scheme, "http") != 0 && g_strcmp0 (scheme, "https") != 0)
        return fail_null (error, ERR_FORMAT, "it names a place that is neither http nor https");
    if (user != NULL || password != NULL)
        return fail_null (error, ERR_FORMAT, "it names a place with a user or password in it");
    curl_url_set (url, CURLUPART_FRAGMENT, NULL, 0);
    return url_part (url, CURLUPART_URL, 0);
}

char *
http_url_origin (const char *url)
{
    g_autoptr (CURLU) parsed = parse_url (url);
    g_autofree char *scheme = NULL, *host = NULL, *port = NULL, *lower = NULL;

    if (parsed == NULL)
        return NULL;
    scheme = url_part (parsed, CURLUPART_SCHEME, 0);
    host = url_part (parsed, CURLUPART_HOST, 0);
    port = url_part (parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    if (scheme == NULL || host == NULL || port == NULL)
        return NULL;
    lower = g_ascii_strdown (host, -1);
    return g_strconcat (scheme, "://", lower, ":", port, NULL);
}

char *
http_url_host (const char *url)
{
    g_autoptr (CURLU) parsed = parse_url (url);
    g_autofree char *host = NULL, *port = NULL, *lower = NULL;

    if (parsed == NULL)
        return NULL;
    host = url_part (parsed, CURLUPART_HOST, 0);
    port = url_part (parsed, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT);
    if (host == NULL)
        return NULL;
    lower = g_ascii_strdown (host, -1);
    return g_strconcat (lower, port != NULL ? ":" : "", port != NULL ? port : "", NULL);
}

gboolean
http_url_is_plain (const char *url)
{
    return g_ascii_strncasecmp (url, "https://", strlen ("https://")) != 0;
}

char *
http_escape (const char *text)
{
    return g_uri_escape_string (text, NULL, FALSE);
}
