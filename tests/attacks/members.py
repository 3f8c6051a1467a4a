# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""G and H. Members of the tar, layers and configs, items 80 to 98: frames and signatures are good, and
what they hold lies. Whoever unpacks it must see that."""
import hashlib
import json
import re

from attacks.kit import accepts, attack
from bundlefile import member, members, sized_header


NOT_PLAIN = "is not a plain file as handcarry writes it"
TAKES = "the members of region 'tree' take"


def as_last(kit, change):
    """The bundle with its last file of the tree, which the statement names, made otherwise."""
    bundle = kit.pack("images")
    tree = bundle.region("tree")
    name, bits, content = members(tree)[-1]
    size = len(member(name, content, bits))
    assert members(tree[-size:]) == [(name, bits, content)]
    bundle.set_region("tree", tree[:-size] + change(name, content))
    return kit.seal(bundle)


def with_tree(kit, *more, before=b""):
    """More members behind (or before) the tree's own."""
    bundle = kit.pack("images")
    bundle.set_region("tree", before + bundle.region("tree") + b"".join(more))
    return kit.seal(bundle)


def typed(name, kind, link="", data=b""):
    """A member of another type, with a link's target."""
    made = bytearray(member(name, data, kind=kind))
    made[157:157 + len(link)] = link.encode()
    made[148:156] = b" " * 8
    made[148:156] = b"%06o\0 " % sum(made[:512])
    return bytes(made)


@attack([80], "file of the tree named", 3, "path '", deep=True, each={
    "up": "../x", "up-inside": "a/../../x", "absolute": "/etc/x", "dot": "./a", "empty-component": "a//b",
    "escape": "a\x1b[2J", "backslash": "a\\..\\b", "dots": ".."})
def tree_name(kit, value):
    return with_tree(kit, member("tree/" + value, b"x"))


@attack([80], "member among the tree's files named", 3, "lies among the tree's files", deep=True, each={
    "absolute": "/etc/cron.d/x", "up": "../../etc/cron.d/x", "elsewhere": "evil", "nothing": ("tree/", NOT_PLAIN)})
def beside_the_tree(kit, value):
    return with_tree(kit, member(value, b"x"))


@attack([81], "symbolic link in the tree, then a file through it", 3, NOT_PLAIN, deep=True, each={
    "absolute": "/etc", "relative": "../../../../etc", "to-itself": "evil"})
def link_then_file(kit, value):
    return with_tree(kit, typed("tree/zz/evil", b"2", value), member("tree/zz/evil/passwd", b"x"))


@attack([82], "symbolic link in the tree named", 3, NOT_PLAIN, deep=True, each={
    "dot": "tree/.", "nothing": "tree/", "root": "/", "the-tree": "tree"})
def link_at_the_root(kit, value):
    return with_tree(kit, before=typed(value, b"2", "/etc"))


@attack([83], "hard link in the tree", 3, NOT_PLAIN, deep=True, each={
    "outside": typed("tree/zz", b"1", "/etc/shadow"), "up": typed("tree/zz", b"1", "../../etc/shadow"),
    "inside": typed("tree/zz", b"1", "tree/extra/a"),
    "with-data": typed("tree/zz", b"1", "tree/extra/a", b"x" * 600)})
def hard_link(kit, value):
    return with_tree(kit, value)


@attack([84], "chain of symbolic links with long names", 3, NOT_PLAIN, deep=True)
def long_links(kit):
    names = ["tree/z" + "/".join(chr(ord("a") + n) * 90 for n in range(depth)) for depth in range(1, 3)]
    return with_tree(kit, *(typed(name[:99], b"2", "a" * 99) for name in names))


@attack([87], "in the tree:", 3, NOT_PLAIN, deep=True, each={
    "character-device": b"3", "block-device": b"4", "folder": b"5", "fifo": b"6", "contiguous-file": (b"7", "the tree's commit is"),
    "unknown": (b"X", "tar members are damaged")})
def special(kit, value):
    return with_tree(kit, typed("tree/zz", value))


@attack([88], "mode of a file", 3, "not a plain file", deep=True, each={
    "setuid": 0o4755, "setgid": 0o2755, "sticky": 0o1644, "everybody-writes": 0o666, "nobody-reads": 0o000})
def mode(kit, value):
    return with_tree(kit, member("tree/zz", b"x", value))


def header(name, data, change):
    """A member whose header was changed, and summed up again."""
    made = bytearray(member(name, data))
    change(made)
    made[148:156] = b" " * 8
    made[148:156] = b"%06o\0 " % sum(made[:512])
    return bytes(made)


def put(at, data):
    def change(made):
        made[at:at + len(data)] = data
    return change


@accepts([89], "tar header of another writer, for comparison", "good", deep=True)
def plain_header(kit):
    return as_last(kit, member)


@attack([88], "header of a file that the statement names, other", 3, NOT_PLAIN, deep=True, each={
    "user": put(108, b"0001750\0"), "group": put(116, b"0001750\0"),
    "time": put(136, b"14000000000\0")})
def owner(kit, value):
    return as_last(kit, lambda name, content: header(name, content, value))


@attack([88, 89], "pax header:", 3, "tar members are damaged", deep=True, each={
    "attribute": (b"30 SCHILY.xattr.user.a=hidden\n", TAKES), "acl": b"37 SCHILY.acl.access=user::rwx,x::rwx\n",
    "size": b"13 size=5000\n", "path": (b"22 path=../etc/passwd\n", "lies among the tree's files"),
    "link": (b"22 linkpath=/etc/shad\n", TAKES),
    "none": (b"", TAKES), "broken": b"999 path=a\n"})
def pax(kit, value):
    return with_tree(kit, member("x", value, kind=b"x"), member("tree/zz", b"x"))


@attack([89], "file that the statement names, its tar header:", 3, "tar members are damaged", deep=True,
        each={
    "global-pax": (lambda name, c: member("x", b"16 comment=hello\n", kind=b"g") + member(name, c), TAKES),
    "gnu-long-name": (lambda name, c: member("././@LongLink", name.encode() + b"\0", kind=b"L") + member(
        "x", c), TAKES),
    "gnu-long-link": (lambda name, c: member("././@LongLink", b"/etc/shadow\0", kind=b"K") + member(
        name, c), TAKES),
    "gnu-volume": (lambda name, c: member("label", b"", kind=b"V") + member(name, c), TAKES),
    "negative-size": lambda name, c: header(name, c, put(124, b"\xff" * 12)),
    "size-beyond-the-region": lambda name, c: sized_header(member(name, c)[:512], 5_000_000) + c,
    "wrong-check-sum": lambda name, c: put_in(member(name, c), 148, b"0000000\0"),
    "pax-size-of-another": lambda name, c: member("x", b"13 size=5000\n", kind=b"x") + member(name, c),
    "size-0-pax-size-right": (lambda name, c: member("x", b"13 size=%d\n" % len(c), kind=b"x") + header(
        name, c, put(124, b"00000000000\0")), TAKES)})
def lying_header(kit, value):
    return as_last(kit, value)


@accepts([88, 89], "header of another dialect, over the file that was signed, at its path", "good", deep=True, each={
    "user-name": lambda name, c: header(name, c, put(265, b"root\0")),
    "sparse-without-a-map": lambda name, c: member(name, c, kind=b"S"),
    "base-256-size": lambda name, c: header(name, c, put(124, b"\x80" + bytes(7) + len(c).to_bytes(
        4, "big"))),
    "no-magic": lambda name, c: header(name, c, put(257, bytes(8))),
    "gnu-magic": lambda name, c: header(name, c, put(257, b"ustar  \0")),
    "padding-not-zero": lambda name, c: member(name, c)[:-1] + b"x"})
def other_dialect(kit, value):
    """Path, bytes and the executable bit make the signed commit; nothing else of a header is used."""
    return as_last(kit, value)


def put_in(made, at, data):
    return made[:at] + data + made[at + len(data):]


@attack([90], "member twice, with another content:", 3, "is there twice", deep=True, each={
    "file-of-the-tree": "tree", "config": "meta"})
def twice(kit, value):
    bundle = kit.pack("images")
    rows = members(bundle.region(value))
    name, bits, _ = rows[-1] if value == "tree" else rows[0]
    bundle.set_region(value, bundle.region(value) + member(name, b"other", bits))
    return kit.seal(bundle)


@attack([91], "member that nothing signed names:", 3, "is in the bundle but not in the statement", deep=True, each={
    "recipe": ["meta", "layers/" + "0" * 64], "config": ["meta", "images/%s.json" % ("0" * 64)],
    "package-list": ["meta", "packages/" + "0" * 64], "sbom": ["meta", "sbom/%s.json" % ("0" * 64)],
    "provenance": (["meta", "provenance.json"], "is there twice"),
    "file-of-the-tree": (["tree", "tree/zz"], "the tree's commit is")})
def extra(kit, value):
    region, name = value
    bundle = kit.pack("images")
    bundle.set_region(region, bundle.region(region) + member(name, b"x"))
    return kit.seal(bundle)


@attack([91], "missing:", 3, "does not carry", deep=True, each={
    "config": "images/", "package-list": "packages/", "sbom": "sbom/", "recipe": "layers/",
    "provenance": ("provenance.json", "member 'provenance.json' is not in its place")})
def missing(kit, value):
    bundle = kit.pack("images")

    def change(rows):
        gone = next(row for row in rows if row[0].startswith(value))
        return [row for row in rows if row is not gone]
    bundle.change_meta(change)
    return kit.seal(bundle)


@attack([91], "file of the tree", 3, "the tree's commit is", deep=True, each={
    "missing": lambda tree, first: tree[len(first):], "changed": lambda tree, first: tree[:512] + b"X" + tree[513:]})
def tree_changed(kit, value):
    bundle = kit.pack("images")
    name, bits, content = members(bundle.region("tree"))[0]
    bundle.set_region("tree", value(bundle.region("tree"), member(name, content, bits)))
    return kit.seal(bundle)


@attack([91], "bytes in a stream that no recipe uses:", 3, "bytes that no recipe uses", deep=True, each={
    "literals": "literals", "data": "data"})
def unused(kit, value):
    bundle = kit.pack("images")
    bundle.extend_stream(value, b"hidden")
    return kit.seal(bundle)


@attack([93], "behind the last member of a region:", 3, "tar members are damaged", deep=True, each={
    "zeros": (bytes(1024), TAKES),
    "zeros-and-a-member": (bytes(1024) + member("tree/hidden", b"x"), TAKES),
    "bytes": b"x" * 512, "half-a-block": b"x" * 100})
def behind_the_end(kit, value):
    return with_tree(kit, value)


@attack([95], "layer whose bytes are not its diffID:", 3, "its recipe makes sha256:", deep=True, each={
    "literals": "literals", "data": "data"})
def layer_changed(kit, value):
    bundle = kit.pack("images")
    first = bundle.first(value)
    content = bytearray(bundle.content(first))
    content[600] ^= 1
    bundle.set_content(first, bytes(content))
    return kit.seal(bundle)


@attack([95], "config whose bytes are not its digest", 3, "is not the signed one", deep=True)
def config_changed(kit):
    bundle = kit.pack("images")
    bundle.change_meta(lambda rows: [(rows[0][0], rows[0][1], rows[0][2].replace(b"amd64", b"amd65")),
                                     *rows[1:]])
    return kit.seal(bundle)


def change_layers(change):
    def apply(config):
        config["rootfs"]["diff_ids"] = change(config["rootfs"]["diff_ids"])
    return apply


@attack([95], "config that belongs to its digest and says another", 3, "image 'attack-corpus/one:1'",
        deep=True, each={
            "diffid": change_layers(lambda ids: ["sha256:" + "0" * 64, *ids[1:]]),
            "order-of-layers": change_layers(lambda ids: ids[::-1]),
            "number-of-layers": change_layers(lambda ids: ids[:-1]),
            "system": lambda config: config.update(os="windows")})
def config_lies(kit, value):
    return kit.seal(lying_config(kit, value))


@attack([34], "config for another processor than the statement says", 3, "image 'attack-corpus/one:1'",
        deep=True)
def config_of_another_platform(kit):
    return kit.seal(lying_config(kit, lambda config: config.update(architecture="arm64")))


@attack([96], "config that is", 3, "which a manifest or index has", deep=True, each={
    "a-manifest": lambda config: config.update(
        schemaVersion=2, mediaType="application/vnd.oci.image.manifest.v1+json", layers=[],
        config=config.pop("rootfs")),
    "an-index": lambda config: (config.clear(), config.update(schemaVersion=2, manifests=[]))})
def config_is_something_else(kit, value):
    return kit.seal(lying_config(kit, value))


def lying_config(kit, change):
    bundle = kit.pack("images")
    name, _, content = members(bundle.region("meta"))[0]
    config = json.loads(content)
    change(config)
    new = json.dumps(config).encode()
    digest = hashlib.sha256(new).hexdigest()
    bundle.change_meta(lambda rows: [
        (row[0].replace(name[7:-5], digest), row[1], new if row[0] == name else row[2]) for row in rows])
    bundle.statement = bundle.statement.replace(name[7:-5], digest).replace(
        "config-bytes: %d" % len(content), "config-bytes: %d" % len(new), 1)
    return bundle


@attack([95], "image whose OCI manifest is not the signed one", 3, "its OCI manifest is not the signed one", deep=True)
def manifest_lies(kit):
    bundle = kit.pack("images")
    bundle.statement = re.sub(r"(?m)^    manifest: sha256:\w+", "    manifest: sha256:" + "0" * 64,
                              bundle.statement, count=1)
    return kit.seal(bundle)


@accepts([95], "image for a platform of a second one", "good", deep=True)
def arm(kit):
    return kit.seal(kit.pack("arm"))
