/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

/* Every bound on what comes from outside, in one place. Sizes in bytes. */
#define LIMIT_YAML_BYTES                                                                           \
    (1024 * 1024)           /* any YAML text: statement, packing list, root, release.yaml */
#define LIMIT_YAML_DEPTH 16 /* nesting; libyaml 0.2.5 is super-linear on flow nesting */
#define LIMIT_YAML_FLOW_DEPTH 4
#define LIMIT_YAML_LOOSE_DEPTH 64 /* of YAML that is only looked into */
#define LIMIT_PATH_BYTES 4096
#define LIMIT_PATH_COMPONENT_BYTES 255
#define LIMIT_NAME_BYTES 255               /* product, channel, version, image names */
#define LIMIT_JSON_BYTES (8 * 1024 * 1024) /* image configs, OCI index and manifests */
#define LIMIT_VALUE_NAME_BYTES 64
#define LIMIT_VALUE_BYTES (64 * 1024) /* that a file or a program gives */
#define LIMIT_VALUE_WORDS 64          /* of such a program's command line */
#define LIMIT_IMAGES 1000
#define LIMIT_PACKAGES 100000                     /* in one image */
#define LIMIT_PACKAGE_DB_BYTES (64 * 1024 * 1024) /* one file of a package database */
#define LIMIT_SBOM_BYTES (32 * 1024 * 1024)       /* of one image */
#define LIMIT_HAVE_PRODUCTS 1000
#define LIMIT_BASES 64   /* releases that one delta is made against */
#define LIMIT_LAYERS 127 /* per image; Docker itself stops at 125 */
#define LIMIT_TREE_FILES 100000
#define LIMIT_TREE_DEPTH 64
#define LIMIT_TREE_FOLDER_BYTES (32 * 1024 * 1024) /* of a folder's object in the repository */
#define LIMIT_VOTES 32                             /* signatures looked at per signed text */
#define LIMIT_VOTE_FILES 64                        /* *.vote looked at beside a bundle */
#define LIMIT_ROOT_BYTES (64 * 1024)
#define LIMIT_ROOT_CHAIN 256
#define LIMIT_ROOT_KEYS 64 /* in one root; the same for its revoked list */
#define LIMIT_ROOT_ROLES 16
#define LIMIT_SIGNATURE_BYTES 16384 /* one minisign signature file */
#define LIMIT_KIT_FILE_BYTES (256 * 1024 * 1024)
#define LIMIT_FRAME_CONTENT (128 * 1024 * 1024)
#define LIMIT_CONTROL_FRAME_CONTENT (16 * 1024 * 1024)
#define LIMIT_FRAMES 65536 /* 8 TiB of content */
/* In memory a file takes some fifty times the two bytes that say it: files of all recipes of a
 * bundle, and operations of one recipe. */
#define LIMIT_RECIPE_FILES (4 * 1024 * 1024)
#define LIMIT_RECIPE_OPS (4 * 1024 * 1024)
/* Files that are unpacked, seen as bits or packed again are in memory meanwhile. */
#define LIMIT_FORM_BYTES (32 * 1024 * 1024)
#define LIMIT_WINDOW_LOG 27 /* what stock zstd reads without --long */
#define LIMIT_SPOOL_BYTES (256ULL * 1024 * 1024)
