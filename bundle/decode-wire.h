/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/wire.h"

/* What the process that reads a bundle's content (the reader) and the one that wants it (the
 * caller) say to each other.
 *
 * The caller asks one thing at a time. A request longer than a piece begins in DECODE_MORE. It is
 * answered by any number of DECODE_DATA, then DECODE_DONE, or DECODE_FAILED (number: an ErrorCode;
 * bytes: why). Before that, the reader may ask the caller for what it has no way to: DECODE_NEED_…,
 * each answered by one DECODE_DONE or DECODE_FAILED.
 *
 * The caller believes nothing of it: layers, configs and the tree are compared with their signed
 * digests where they arrive, texts are escaped before they are shown, numbers have bounds. */

typedef enum {
    DECODE_MORE = 1,  /* bytes of the request to come; not answered */
    DECODE_META,      /* name of a member of the region meta; answer: its bytes */
    DECODE_IMAGES,    /* does all hold that follows from the statement's images? */
    DECODE_MEMBERS,   /* does the region meta have all its members and no other? */
    DECODE_COPY,      /* descriptor: the copy; bytes: a byte for each frame, 1 where it is there */
    DECODE_TREE,      /* answer: number is a walk through the tree, for the next three */
    DECODE_TREE_NEXT, /* answer: path, number is a DecodeStep, size; no path at the end */
    DECODE_TREE_READ, /* answer: at most size bytes; number is 1 where the file ends */
    DECODE_TREE_CLOSE,
    DECODE_REBUILD,  /* descriptor: the spool; bytes: diffIDs. Answer: number is the pass, for the
                      * next three; a byte for each frame, 1 where it is read; the base files */
    DECODE_LAYER,    /* bytes: the diffID; answer: the layer */
    DECODE_COMPLETE, /* does the pass leave nothing unread? */
    DECODE_REBUILD_CLOSE,
    DECODE_CANCEL, /* in the middle of an answer: the rest is not wanted; not answered */

    DECODE_NEED_BASE,  /* number: of the pass's base files, from 1; size: offset; bytes: guint32
                          length */
    DECODE_NEED_TREE,  /* the tree that this one was made against: from its first file on */
    DECODE_NEED_FILE,  /* path; answer: number is 1 where it is executable, size */
    DECODE_NEED_BYTES, /* answer: at most size bytes of that file, none at its end */

    DECODE_DATA,
    DECODE_DONE,
    DECODE_FAILED,

    /* Requests again: */
    DECODE_FRAME,  /* number: of a frame; answer: its content */
    DECODE_MEMBER, /* number: of a region; size: an offset in it; answer: the name of the member
                    * that is there, none where there is none; size: where in it */
} DecodeKind;

typedef enum {
    DECODE_STEP_END,
    DECODE_STEP_PLAIN,
    DECODE_STEP_EXECUTABLE,
} DecodeStep;

/* No request is longer: as many diffIDs as a statement can have layers fit. */
#define DECODE_REQUEST_MAX (8 * 1024 * 1024)
