/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/bundle.h"
#include "bundle/decode-wire.h"
#include "bundle/tree-base.h"

/* Content that is decompressed and parsed by a process of its own, the reader, which has nothing
 * but the bundle, the copy, the spool and a socket (bundle/decode-confine.c). Of the read side
 * alone: bundle.h and rebuild.h come here by themselves where bundle->apart is set. */
typedef struct Decoder Decoder;

/* Ends the reader. decoder may be NULL. */
void decoder_free (Decoder *decoder);

/* Takes the bytes of an answer as they come. */
typedef gboolean (*DecodeSink) (const guint8 *bytes, gsize length, gpointer data, GError **error);

typedef struct {
    DecodeKind kind;
    guint32 number;
    guint64 size;
    gconstpointer bytes;
    gsize length;
    int fd;           /* to hand over, or -1 */
    const char *what; /* is read: for the message where the reader is gone */
    DecodeSink sink;  /* NULL: the answer has no bytes */
    gpointer data;
} DecodeRequest;

/* Starts the reader where there is none yet, asks and awaits the answer. head may be NULL. Where
 * sink fails, so does this, with its error. */
gboolean decode_ask (Bundle *bundle, const DecodeRequest *request, WireHead *head,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for an answer of at most limit bytes, kept. */
GBytes *decode_ask_bytes (Bundle *bundle, DecodeRequest *request, gsize limit, WireHead *head,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Tells a reader that is there of the bundle's copy: which frames it has, or that there is none any
 * more. */
gboolean decode_use_copy (Bundle *bundle, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* decode-lend.c: the base files (BaseFile) that the reader may ask for from now on; borrowed. */
void decode_lend (Bundle *bundle, const GArray *files);
/* Answers one DECODE_NEED_… of the reader. FALSE: it is none, or the socket is closed. */
gboolean decode_serve (Bundle *bundle, const GArray *files, int socket, WireMessage *message);

/* decode-child.c: the life of a reader. */
void decode_child (Bundle *bundle, int socket) G_GNUC_NORETURN;
/* decode-confine.c: leaves this process the bundle's parts and the socket. */
gboolean decode_confine (const Bundle *bundle, int socket,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* decode-need.c: the other end of decode_serve. */
typedef struct DecodeNeeds DecodeNeeds;
DecodeNeeds *decode_needs_new (int socket);
const BaseReader *decode_needs_reader (const DecodeNeeds *needs);
const TreeBase *decode_needs_tree (const DecodeNeeds *needs);
/* Base files (BaseFile) by the numbers that they are asked for with: their places in the list. */
void decode_needs_use (DecodeNeeds *needs, GHashTable *numbers);

/* Sends the answer to a request or need that went wrong. */
gboolean decode_send_failure (int socket, const GError *failed) G_GNUC_WARN_UNUSED_RESULT;
/* The other way round: what such an answer says, made fit to be shown. Returns FALSE. */
gboolean decode_take_failure (const WireMessage *message, GError **error);
