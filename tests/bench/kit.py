#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""How large a kit is and what in it takes how much, and how fast its program starts against the
distribution's. Prints tables."""
import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.table import Table, megabytes
from bench.timing import run
from program import PROGRAM, handcarry

# A kit's program finds its loader below /opt: this process has one of its own there.
MEASURE = """\
mount -t tmpfs tmpfs /opt
mkdir -p "/opt/handcarry/$1"
tar --zstd --strip-components=1 -xf "$0/kit.tar.zst" -C "/opt/handcarry/$1"
exec hyperfine --shell=none --style=none --warmup 20 --runs "$2" --export-json "$0/times.json" \\
    --output=null -i "/opt/handcarry/$1/bin/handcarry status --root $0/root" "$3 status --root $0/root"
"""


def packed(paths, folder):
    """Bytes of a tar of these files by zstd -19."""
    names = "\0".join(str(path) for path in paths)
    ran = subprocess.run(["bash", "-c", "tar --null -T - -cf - --sort=name -P --dereference 2>/dev/null | zstd -19 -q | wc -c"],
                         input=names, text=True, stdout=subprocess.PIPE, check=True, cwd=folder)
    return int(ran.stdout)


def of_distribution():
    """The program as it is built here, stripped, and every library that ldd names."""
    said = run(["ldd", PROGRAM])
    return sorted(set(re.findall(r"(?:=> )?(/\S+) \(0x", said)))


def print_content(folder):
    groups = {}
    for path in folder.rglob("*"):
        if path.is_file():
            name = path.relative_to(folder)
            group = name.name if name.parts[0] in ("lib", "bin") and path.stat().st_size > 300_000 else \
                "%s/, the rest" % name.parts[0] if len(name.parts) > 1 else "scripts, unit"
            groups.setdefault(group, []).append(path)
    rows = [(packed(paths, folder), sum(path.stat().st_size for path in paths), group, len(paths))
            for group, paths in groups.items()]
    print("| in the kit | files | MB | MB by itself, zstd -19 |\n| --- | --- | --- | --- |")
    for small, size, group, count in sorted(rows, reverse=True):
        print("| %s | %d | %.2f | %.2f |" % (group, count, size / 1e6, small / 1e6))


def start_up(folder, version, runs):
    """(kit, distribution): milliseconds of `status`, median."""
    (folder / "root").mkdir()
    run(["unshare", "--mount", "--propagation", "private", "sh", "-euc", MEASURE, folder, version,
         str(runs), PROGRAM])
    results = json.loads((folder / "times.json").read_text())["results"]
    assert all(set(result["exit_codes"]) == {0} for result in results), results
    return [result["median"] * 1000 for result in results]


def compare(folder, kit, distribution):
    """The table; whether the goals are reached."""
    table, files = Table(), of_distribution()
    run(["strip", "-o", folder / "handcarry", PROGRAM])
    whole = packed([folder / "handcarry", *files], folder)
    peer = "program and %d libraries of the distribution, -19" % len(files)
    for name in "kit.tar.zst", "kit.sh":
        size = (folder / name).stat().st_size
        table.add(name, megabytes(size), peer, megabytes(whole), "%.2f" % (size / whole), "≤ 25 MB",
                  size <= 25_000_000)
    table.add("start of `status`", "%.1f ms" % kit, "of the distribution", "%.1f ms" % distribution,
              "%.2f" % (kit / distribution), "≤ 50 ms", kit <= 50)
    print("\n" + table.text())
    return table.reached


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200, help="of each program (200)")
    runs = parser.parse_args().runs
    version = handcarry("--version").stdout.split()[1]
    folder = Path(tempfile.mkdtemp(prefix="kit-", dir="/var/tmp"))
    try:
        run([PROGRAM, "kit", "--quiet", "-o", folder / "kit.tar.zst", "-o", folder / "kit.sh"])
        (folder / "kit").mkdir()
        run(["tar", "--zstd", "--strip-components=1", "-xf", folder / "kit.tar.zst", "-C", folder / "kit"])
        print_content(folder / "kit")
        kit, distribution = start_up(folder, version, runs)
        return 0 if compare(folder, kit, distribution) else 1
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
