#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Makes the attack corpus: tests/attacks/make.py OUT writes the files and OUT/attacks.json. The same
program makes the same bytes each time: keys follow from their names, and no time is in any of it.
HANDCARRY_MAKER (or HANDCARRY) names the handcarry that packs the good bundles."""
import hashlib
import json
import os
import sys
from pathlib import Path

if __name__ == "__main__":
    TESTS = Path(__file__).resolve().parents[1]
    sys.path[:0] = [str(TESTS), str(TESTS / "verbs")]

from attacks import catalogue  # noqa: F401 pylint: disable=unused-import
from attacks.kit import ATTACKS, Kit
from attacks.sealed import write_chain

SCHEMA = "handcarry-attacks-1"


def write_believed(out, believes):
    """The host's trust folder; one for all attacks that believe the same."""
    if callable(believes):
        folder = out / "trust" / believes.__name__.replace("<lambda>", "by-hand-%d" % len(
            list((out / "trust").glob("by-hand-*"))))
        believes(folder)
    elif not believes:
        return None
    else:
        named = hashlib.sha256(b"".join(text for text, _ in believes)).hexdigest()[:12]
        folder = out / "trust" / named
        if not folder.exists():
            write_chain(folder, believes)
    return str(folder.relative_to(out))


def write_carried(out, attack, kit):
    """The file or folder that comes on the stick, and the fingerprint that a person was told."""
    kit.folder = out / attack.name
    kit.folder.mkdir(parents=True)
    made = attack.make(kit)
    if isinstance(made, bytes):
        path = kit.folder / ("roots.trust" if attack.command == "import" else "bundle.tar.zst")
        path.write_bytes(made)
    elif isinstance(made, Path):
        path = made
    else:
        path = write_chain(kit.folder / "trust", made)
    newest = path / ("%d.root.yaml" % len(made)) if isinstance(made, list) else None
    told = hashlib.sha256(newest.read_bytes()).hexdigest() if newest else None
    return str(path.relative_to(out)), told


def make(out, only=lambda attack: True):
    """Writes the corpus to a new folder; the list that attacks.json has."""
    out = Path(out)
    os.umask(0o022)  # a trust folder that others may write is refused
    out.mkdir(parents=True)
    kit = Kit(out / "good")
    kit.work.mkdir()
    (out / "trust").mkdir(mode=0o755)
    rows = []
    for attack in filter(only, ATTACKS):
        path, told = write_carried(out, attack, kit)
        rows.append({
            "name": attack.name, "items": attack.items, "title": attack.title,
            "command": attack.command, "file": path, "trust": write_believed(out, attack.believes),
            "fingerprint": told if attack.command == "import" else None,
            "before": [str(kit.good(name).relative_to(out)) for name in attack.before],
            "site": attack.site or None, "deep": attack.deep, "expect": attack.expect,
            "handcarry": {"status": attack.status, "message": attack.message}})
    (out / "attacks.json").write_text(json.dumps({"schema": SCHEMA, "attacks": rows}, indent=1))
    return rows


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: tests/attacks/make.py OUT (a folder that is not there yet)")
    print("%d attacks in %s" % (len(make(sys.argv[1])), sys.argv[1]))
