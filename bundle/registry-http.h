/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <gio/gio.h>

/* One HTTP request and its answer: no redirect is followed and nothing is tried again here. May be
 * used from several threads at once; connections are kept. */
typedef struct HttpClient HttpClient;

typedef enum {
    HTTP_ANSWERED,    /* there is an answer, whatever its status */
    HTTP_UNREACHABLE, /* no connection */
    HTTP_BROKEN,      /* the connection broke, or was too slow */
    HTTP_UNTRUSTED,   /* TLS: not the server that was meant, or no TLS at all */
    HTTP_REFUSED,     /* what came was refused by take(), or is no sane answer */
} HttpOutcome;

typedef struct {
    HttpOutcome outcome;
    guint status;
    char *location;
    char *type;            /* Content-Type */
    char *range;           /* Content-Range */
    char *digest;          /* Docker-Content-Digest */
    GPtrArray *challenges; /* char *: each WWW-Authenticate */
    gint64 length;         /* Content-Length, or -1 */
    guint64 wait;          /* seconds that Retry-After asks for, or 0 */
    GByteArray *body;      /* what take() did not get, at most HttpRequest.limit bytes */
} HttpReply;

/* Gets the body of an answer with status 200 or 206, piece by piece. */
typedef gboolean (*HttpTakeFunc) (const HttpReply *reply, const guint8 *bytes, gsize length,
                                  gpointer data, GError **error);

typedef struct {
    const char *url;
    const char *authorization; /* value of that header, or NULL */
    const char *accept;        /* or NULL */
    const char *form;          /* what to POST; NULL: GET */
    guint64 from;              /* Range: bytes=FROM-; 0: none */
    gsize limit;               /* of reply->body; more is HTTP_REFUSED for 200, else cut */
    guint seconds;             /* for everything; 0: as long as bytes come */
    guint slow_seconds;        /* below 1 KiB/s for so long is HTTP_BROKEN */
    HttpTakeFunc take;         /* NULL: all goes to reply->body */
    gpointer data;
    gboolean unverified;     /* any certificate will do */
    const char *authorities; /* PEM file of trusted CAs; NULL: the system's */
    const char *certificate; /* the client's own, and its key; or NULL */
    const char *key;
    GCancellable *cancellable; /* or NULL */
} HttpRequest;

HttpClient *http_client_new (void);
void http_client_free (HttpClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HttpClient, http_client_free)

/* ERR_ENGINE where there is no whole answer; reply->outcome says why. Messages name scheme, host
 * and port only: what follows in a URL may be a secret. */
gboolean http_exchange (HttpClient *client, const HttpRequest *request, HttpReply *reply,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
void http_reply_clear (HttpReply *reply);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (HttpReply, http_reply_clear)

/* URLs are taken apart by what connects to them, so that two readers never see two hosts. */

/* Where location leads from base; one with a user or password in it, or of another scheme than
 * http and https, is ERR_FORMAT. Caller frees. */
char *http_url_resolve (const char *base, const char *location,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* "https://registry.example.org:5000", with the port always there; two URLs with the same are of
 * one origin. NULL for what is no URL. Caller frees. */
char *http_url_origin (const char *url);
/* The host and port of a URL as people write them: the scheme's own port is left out. */
char *http_url_host (const char *url);
gboolean http_url_is_plain (const char *url);
/* text as a value in a query or form. Caller frees. */
char *http_escape (const char *text);
