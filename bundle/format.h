/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/limits.h"

/* Constants of the bundle file; bundle/FORMAT.md describes them in the same order. */

/* Zstandard frames (RFC 8878): magic numbers, and the descriptor byte of a frame that is one
 * segment with a 4 byte content size, no checksum and no dictionary. */
#define ZSTD_FRAME_MAGIC 0xfd2fb528u
#define ZSTD_SKIPPABLE_MAGIC 0x184d2a50u
#define ZSTD_SKIPPABLE_HEADER 8
#define ZSTD_RAW_DESCRIPTOR 0xa0
#define ZSTD_SINGLE_SEGMENT 0x20
#define ZSTD_RAW_BLOCK (128 * 1024)

/* Tar. */
#define TAR_BLOCK 512
#define TAR_END (2 * TAR_BLOCK)

/* One entry of the frame index: compressed length, content length (both u64 little-endian) and
 * SHA-256 of the compressed bytes. */
#define INDEX_ENTRY_BYTES (8 + 8 + 32)

/* The footer's payload, and the whole footer with its skippable header. */
#define FOOTER_FORMAT "handcarry 1 %020" G_GUINT64_FORMAT " %020" G_GUINT64_FORMAT "\n"
#define FOOTER_PAYLOAD (sizeof "handcarry 1 " - 1 + 20 + 1 + 20 + 1)
#define FOOTER_BYTES (ZSTD_SKIPPABLE_HEADER + FOOTER_PAYLOAD)

#define TAIL_TYPE_LINE "handcarry-tail: 1"
#define LIMIT_TAIL_BYTES (32 * 1024 * 1024)
#define LIMIT_META_BYTES (256 * 1024 * 1024)
#define LIMIT_PARTS 999

/* Recipes (layers/<diffID>). */
#define RECIPE_VERSION 1
#define BASE_TABLE_VERSION 1
