# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Which files each fuzz target is about. Coverage is counted over their lines, and a campaign begins
anew where one of them changes."""

PARSERS = {
    "apk-installed": ["bundle/package-db.c"],
    "base-export": ["install/base-export.c"],
    "base-table": ["bundle/base-table.c"],
    "bundle": ["bundle/bundle.c", "bundle/reader.c", "bundle/stream.c", "bundle/rebuild.c",
               "bundle/rebuild-open.c", "bundle/rebuild-form.c", "bundle/rebuild-base.c",
               "bundle/tree-cursor.c", "bundle/deep.c"],
    "content-range": ["bundle/registry-range.c"],
    "compose": ["manifest/compose.c"],
    "decode": ["bundle/decode.c", "bundle/decode-lend.c", "bundle/rebuild-apart.c",
               "bundle/tree-apart.c"],
    "docker-manifest": ["bundle/docker-manifest.c"],
    "dpkg-status": ["bundle/package-db.c"],
    "engine-containers": ["install/engine-reply.c"],
    "engine-image": ["install/engine-reply.c"],
    "engine-info": ["install/engine-reply.c"],
    "engine-load": ["install/engine-reply.c"],
    "engine-log": ["install/engine-reply.c"],
    "footer": ["bundle/tail.c", "bundle/bundle.c", "bundle/reader.c"],
    "frame": ["bundle/frame.c"],
    "frame-index": ["bundle/frame.c"],
    "gzip-nine": ["bundle/gzip-nine.c", "bundle/gzip-block.c", "bundle/gzip-huffman.c",
                  "bundle/gzip-match.c"],
    "have": ["manifest/have.c"],
    "host": ["install/host.c", "install/host-values.c"],
    "image-reference": ["bundle/reference.c"],
    "inventory": ["install/reach.c"],
    "journal": ["install/journal-read.c"],
    "layer-files": ["bundle/image-files.c", "bundle/whiteout.c"],
    "line-diff": ["manifest/line-diff.c"],
    "mask": ["install/mask.c"],
    "member": ["bundle/member.c"],
    "oci-config": ["bundle/oci-config.c"],
    "oci-index": ["bundle/oci-index.c"],
    "oci-manifest": ["bundle/oci-index.c"],
    "os-release": ["bundle/os-release.c"],
    "packages": ["bundle/packages.c"],
    "packing": ["manifest/packing.c"],
    "patch": ["bundle/patch.c", "bundle/sparse.c"],
    "playbook-results": ["install/playbook-recap.c"],
    "plays": ["manifest/lint-plays.c", "manifest/lint-inventory.c", "manifest/yaml-loose.c"],
    "public-key": ["keys/public.c", "keys/lines.c"],
    "purl": ["bundle/purl.c"],
    "receipt": ["install/receipt-read.c"],
    "recipe": ["bundle/recipe.c"],
    "records": ["install/records.c"],
    "registry-challenge": ["bundle/registry-challenge.c"],
    "registry-credentials": ["bundle/registry-credentials.c"],
    "registry-helper": ["bundle/registry-helper.c"],
    "registry-manifest": ["bundle/registry-manifest.c"],
    "registry-mirrors": ["bundle/registry-mirrors.c"],
    "registry-token": ["bundle/registry-token.c"],
    "release": ["manifest/release.c", "manifest/release-parse.c", "manifest/release-health.c",
                "manifest/release-check.c", "manifest/field.c", "manifest/path.c"],
    "root": ["keys/root-parse.c", "keys/root.c"],
    "sbom-given": ["bundle/sbom-given.c"],
    "secret-key": ["keys/secret.c"],
    "signature": ["keys/signature.c", "keys/lines.c"],
    "source-tar": ["bundle/source-tar.c", "bundle/source-unpack.c"],
    "state": ["install/state-text.c"],
    "statement": ["manifest/statement.c", "manifest/field.c"],
    "steps": ["install/step.c", "install/step-place-json.c"],
    "strictjson": ["bundle/strictjson.c"],
    "tail": ["bundle/tail.c"],
    "template": ["install/template.c"],
    "tree-table": ["bundle/tree-table.c"],
    "trust-chain": ["keys/trust.c", "keys/votes.c"],
    "twice": ["install/twice.c"],
    "version-order": ["bundle/version-order.c"],
    "votes": ["keys/votes.c", "keys/trust.c", "keys/trust-host.c", "bundle/vote-files.c"],
    "wire": ["manifest/wire.c"],
    "yaml": ["manifest/yaml.c"],
}

# Functions of those files that parse nothing, and are not counted: they make and write texts, open
# files and folders, hand out members, or come behind a check that a fuzz build takes for good.
NOT_PARSING = {
    "bundle/bundle.c": "bundle_open_parts verified_bundle_get bundle_statement bundle_packing "
                       "bundle_statement_text bundle_packing_text bundle_release_digest "
                       "bundle_file_bytes bundle_path",
    "bundle/decode.c": "hand_copy_over bundle_start_reader decode_use_copy widen",
    "bundle/frame.c": "frame_raw frame_skippable append_u32 frame_index_write",
    "bundle/image-files.c": "image_file_equal layer_files_rebuild run_feed feed_piece drain",
    "bundle/oci-index.c": "oci_platform_fits",
    "bundle/packages.c": "package_known package_list_member",
    "bundle/reader.c": "bundle_fail_damaged",
    "bundle/registry-credentials.c": "look look_in_file usual_files credentials_find",
    "bundle/registry-helper.c": "on_done on_time communicate run_clear said judge credential_helper_get",
    "bundle/registry-manifest.c": "check_digest registry_manifest_take",
    "bundle/registry-mirrors.c": "read_daemon mirrors_of",
    "bundle/registry-token.c": "append token_url token_form token_scope",
    "bundle/rebuild-base.c": "check_sum",
    "bundle/rebuild-open.c": "rebuild_base_files rebuild_frames",
    "bundle/reference.c": "image_reference_asked",
    "install/base-export.c": "read_export run_pass want_layer wanted_of export_image by_likeness "
                             "export_base note_missing bases_prepare base_export_prepare stop",
    "install/host.c": "host_check_state host_lock host_is_busy host_open_product host_check_place "
                      "note_records lies_in open_state",
    "install/journal-read.c": "journal_read journal_open open_for_more",
    "install/records.c": "records_read records_write records_create read_copies",
    "install/step.c": "steps_sort by_rank rank",
    "manifest/wire.c": "wire_send add_descriptors",
    "install/twice.c": "twice_write twice_sweep",
    "keys/public.c": "public_key_load",
    "keys/secret.c": "secret_key_load secret_key_is_exposed secret_key_generate secret_key_write "
                     "secret_key_get_public secret_key_sign secret_key_id load_text encrypt "
                     "write_le64 blob_to_text",
    "keys/trust.c": "trust_load trust_store",
    "bundle/version-order.c": "package_change_name",
    "manifest/lint-plays.c": "lint_plays check_playbook check_play read_inventory",
    "manifest/packing.c": "packing_region_name packing_is_from packing_made_from",
    "manifest/path.c": "path_fold path_short_image_name",
    "manifest/release-check.c": "release_check_folder check_path note",
    "manifest/release.c": "apply_overrides version_of",
}

# Longest input in a campaign, where 2048 bytes are too few for what is to be reached.
MAX_LEN = {"bundle": 9000, "compose": 4096, "decode": 12000, "footer": 6000, "have": 4096,
           "member": 8192, "packing": 4096, "release": 4096, "source-tar": 8192, "statement": 4096,
           "trust-chain": 6000, "votes": 6000, "yaml": 4096}

# Words beyond those that the parsers' own files hold.
SECTIONS = ["\n==== root\n", "\n==== vote\n", "\n==== text\n", "\n==== vote-root\n"]
WORDS = {
    "bundle": ["\n==== ", "content/data.000000", "content/literals.000001", "\n==== bases\n"],
    "trust-chain": SECTIONS + ["    threshold: 2\n", "epoch: 1\n", "revoked:\n  - key: "],
    "votes": SECTIONS + ["\n==== site\n", "\n==== beside\n", "revoked:\n  - key: ", "    sites:\n      - plant-a\n"],
}
