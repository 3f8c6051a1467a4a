# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""F. Signed texts, items 67 to 79: statements that their signers should never have signed. Every vote
is good, so that it is the parser that refuses."""
import re

from attacks.kit import accepts, attack

LAUGHS = "x-a: &a [lol, lol]\n" + "".join("x-%s: &%s [*%s, *%s, *%s]\n" % (
    chr(n), chr(n), *[chr(n - 1)] * 3) for n in range(ord("b"), ord("k")))


def append(text):
    return lambda statement: statement + text


def value_of(key, value):
    """The first value of a key is another."""
    def change(statement):
        changed, count = re.subn(r"(?m)^([ -]*%s: ).*$" % re.escape(key), lambda match: match[1] + value,
                                 statement, count=1)
        assert count == 1, key
        return changed
    return change


def spoiled(kit, change):
    bundle = kit.pack("images")
    bundle.statement = change(bundle.statement)
    return kit.seal(bundle)


@attack([67], "YAML with", 3, "", each={
    "an-anchor": (value_of("version", "&a 1.0"), "anchor"),
    "an-alias": (value_of("version", "*a"), "aliases are not allowed"),
    "a-merge-key": (append("<<: {x-a: 1}\n"), "merge keys are not allowed"),
    "a-billion-laughs": (append(LAUGHS), "anchor")})
def anchors(kit, value):
    return spoiled(kit, value)


@attack([68], "alias to the list that it is in", 3, "anchor")
def cycle(kit):
    return spoiled(kit, append("x-a: &a [*a]\n"))


@attack([69], "key twice:", 3, "appears twice", each={
    "at-the-top": append("release: 2\n"), "quoted": append("\"release\": 2\n"),
    "of-an-image": lambda text: text.replace("    config-bytes:", "    config: sha256:%s\n    "
                                             "config-bytes:" % ("0" * 64), 1),
    "an-extension": append("x-a: 1\nx-a: 2\n")})
def key_twice(kit, value):
    return spoiled(kit, value)


@attack([70], "nesting of", 3, "are nested deeper than", each={
    "80000-flow-lists": append("x-a: " + "[" * 80_000 + "\n"),
    "80000-flow-maps": append("x-a: " + "{a: " * 80_000 + "\n"),
    "5-flow-lists": append("x-a: [[[[[]]]]]\n"),
    "17-maps": append("x-a:\n" + "".join(" " * (n + 1) + "a:\n" for n in range(17)) + " " * 18 + "b\n"),
    "80000-dashes": append("x-a:\n" + "- " * 80_000 + "b\n")})
def depth(kit, value):
    return spoiled(kit, value)


@attack([71], "text of more than 1 MiB:", 3, "at most 1048576 are allowed", each={
    "one-scalar": append("x-a: " + "a" * (1 << 20) + "\n"),
    "many-keys": append("".join("x-%d: 1\n" % n for n in range(120_000)))})
def large(kit, value):
    return spoiled(kit, value)


@accepts([71], "text of almost 1 MiB, 60,000 optional keys", "good")
def many_keys(kit):
    return spoiled(kit, append("".join("x-%06d: 1\n" % n for n in range(60_000))))


@attack([72], "YAML with", 3, "statement:3", each={
    "a-second-document": append("---\nrelease: 2\n"), "an-end-and-more": append("...\nrelease: 2\n"),
    "a-directive": append("...\n%TAG ! tag:x,2026:\n---\n{}\n"),
    "a-python-tag": append("x-a: !!python/object/apply:os.system [id]\n"),
    "a-string-tag": append("x-a: !!str 1\n"), "a-binary-tag": append("x-a: !!binary aGk=\n"),
    "a-tag-on-a-known-key": (value_of("version", "!!str 1.0"), "tags are not allowed"),
    "a-tab": append("x-a:\t1\n"), "a-nul": append("x-a: a\0b\n"),
    "bytes-that-are-no-utf-8": append("x-a: a\udcff\n"), "half-a-character": append("x-a: \udce2\udc82"),
    "an-overlong-slash": append("x-a: a\udcc0\udcafb\n"), "a-surrogate": append("x-a: \udced\udca0\udc80\n"),
    "a-bom-inside": append("x-a: \ufeffb\n"), "a-next-line": append("x-a: a\u0085b\n"),
    "a-line-separator": append("x-a: a\u2028b\n"), "an-escape": append("x-a: a\x1b[2Jb\n")})
def odd_yaml(kit, value):
    return spoiled(kit, value)


@attack([72], "a text that does not begin as it should:", 4, "does not begin with the line", each={
    "bom": lambda text: "\ufeff" + text, "directive": lambda text: "%YAML 1.1\n---\n" + text,
    "utf-16": lambda text: text.encode("utf-16"), "empty-line": lambda text: "\n" + text})
def odd_begin(kit, value):
    return spoiled(kit, value)


@attack([73], "release number written", 3, "statement:5:", each={
    name: value_of("release", value) for name, value in {
        "octal": "010", "hex": "0x10", "with-underscores": "1_000", "with-exponent": "1e3",
        "infinite": ".inf", "as-a-date": "2026-01-01", "with-plus": "+5", "quoted": '"5"', "no": "no",
        "with-a-point": "5.0", "empty": "", "sexagesimal": "1:30", "null": "~"}.items()})
def number_forms(kit, value):
    return spoiled(kit, value)


@attack([74], "line ends:", 3, "carriage return", each={
    "one-crlf": lambda text: text.replace("channel: stable\n", "channel: stable\r\n"),
    "one-cr": lambda text: text.replace("channel: stable\n", "channel: stable\rx-a: b\n")})
def line_ends(kit, value):
    return spoiled(kit, value)


@attack([75], "text that is shown otherwise than it is used:", 3, " contains a ", each={
    "nul": value_of("version", '"1.0\\0.1"'), "hex-nul": value_of("version", '"1.0\\x00"'),
    "unicode-nul": value_of("version", '"1.0\\u0000"'), "escape": value_of("version", '"1.0\\e[2J"'),
    "return": value_of("version", '"9.9\\r1.0"'), "backspace": value_of("version", '"9\\b1.0"'),
    "nul-in-a-name": value_of("- name", '"attack-corpus/one:1\\0:2"'),
    "line-end-in-a-path": value_of("to", '"/opt/a\\n/etc/passwd"')})
def hidden(kit, value):
    return spoiled(kit, value)


DIGEST = "sha256:" + "a" * 64


@attack([76], "digest of an image config", 3, "statement:14:13: ", each={
    name: value_of("config", value) for name, value in {
        "with-a-space-before": '" %s"' % DIGEST, "with-a-space-behind": '"%s "' % DIGEST,
        "upper-case": DIGEST[:-1] + "A", "63-digits": DIGEST[:-1], "65-digits": DIGEST + "a",
        "empty": '""', "null": "~", "sha512": "sha512:" + "a" * 128, "md5": "md5:" + "a" * 32,
        "without-name": "a" * 64, "name-in-upper-case": "SHA256:" + "a" * 64,
        "with-line-end": '"%s\\n"' % DIGEST}.items()})
def digest_forms(kit, value):
    return spoiled(kit, value)


@attack([76], "digest missing:", 3, "' is missing", each={
    "config": r"(?m)^    config: .*\n", "manifest": r"(?m)^    manifest: .*\n",
    "diffid": r"(?m)^      - diffid: .*\n        bytes", "commit": r"(?m)^  commit: .*\n"})
def digest_missing(kit, value):
    return spoiled(kit, lambda text: re.sub(value, "      - bytes" if "diffid" in value else "", text, count=1))


@attack([77], "size of a layer", 3, "is not a number", each={
    name: (value_of("bytes", value[0]), value[1]) if isinstance(value, tuple)
    else value_of("bytes", value) for name, value in {
        "negative": "-512", "2-63": str(2**63), "2-64": str(2**64), "2-65": str(2**65),
        "with-exponent": "1e3", "odd": ("513", "are no length of a tar"), "leading-zero": "0512", "with-unit": "1K",
        "quoted": '"512"'}.items()})
def size_forms(kit, value):
    return spoiled(kit, value)


@attack([77], "size that is not the real one, digest right:", 3, "another length", deep=True, each={
    "layer-shorter": (["bytes", -512], "two different lengths"),
    "layer-longer": (["bytes", 512], "two different lengths"),
    "config-shorter": ["config-bytes", -1], "config-longer": ["config-bytes", 1],
    "tree-files": (["files", 1], "the tree's commit is")})
def wrong_size(kit, value):
    key, more = value
    return spoiled(kit, lambda text: re.sub(r"(?m)^( +%s: )(\d+)$" % key, lambda match: "%s%d" % (
        match[1], int(match[2]) + more), text, count=1))


PATHS = {
    "up": "../x", "up-inside": "a/../../x", "up-at-the-end": "a/..", "dot": ".", "dot-first": "./a",
    "dots": "..", "empty-component": "a//b", "backslash": "a\\\\..\\\\b", "empty": "",
    "escape": "a\\x1b[2J", "nul": "a\\0b", "256-bytes": "a" * 256, "4097-bytes": "a/" * 2048 + "a"}


@attack([78], "path of a playbook", 3, "statement:9:11: ", each={**PATHS, "absolute": "/x", "slash-behind": "a/"})
def tree_path(kit, value):
    entry = 'playbooks:\n  - path: "%s"\n    run: install\n' % value
    return spoiled(kit, lambda text: text.replace("files:\n", entry + "files:\n", 1))


@attack([78], "target of a config", 3, "statement:10:9: ", each={
    **{name: "/" + path for name, path in PATHS.items() if path}, "relative": "etc/x", "root": "/",
    "empty": "", "two-slashes": "//etc/x", "slash-behind": "/etc/"})
def target_path(kit, value):
    entry = CONFIG % ("extra/a", value)
    return spoiled(kit, lambda text: text.replace("files:\n", "configs:\n" + entry + "files:\n", 1))


CONFIG = '  - from: %s\n    to: "%s"\n    template: false\n    mode: "0644"\n    owner: "root:root"\n' \
    "    on-conflict: keep\n"


@attack([79], "two things in one place:", 3, " another entry", each={
    "two-configs": (["/etc/a", "/etc/a"], "two entries go to"), "a-file-and-a-folder-of-its-name": ["/etc/a", "/etc/a/b"],
    "a-config-below-a-folder-of-files": ["/opt/attack-corpus/extra/a", "/etc/b"]})
def same_place(kit, value):
    entries = "".join(CONFIG % ("extra/a", path) for path in value)
    return spoiled(kit, lambda text: text.replace("files:\n", "configs:\n" + entries + "files:\n", 1))


@attack([79], "tree of 100,001 files", 3, "more than 100000 files")
def many_files(kit):
    return spoiled(kit, lambda text: re.sub(r"(?m)^(tree:\n(?:  .*\n)*?  files: )\d+", r"\g<1>100001", text))


@attack([97], "digest that is a path:", 3, "is not 64 lower-case", each={
    "up": value_of("config", '"sha256:../../../../etc/passwd"'),
    "padded": value_of("config", '"sha256:%s"' % ("../" * 21 + "x")),
    "diffid": value_of("- diffid", '"sha256:../../x"'), "commit": value_of("commit", '"../../x"')})
def digest_path(kit, value):
    return spoiled(kit, value)
