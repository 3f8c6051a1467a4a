#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Makes what stands in a kit for libraries that its program needs to start, and never uses.

    kit-left-out.py TABLE PROGRAM FOLDER COMPILER…

libostree, libarchive and libcurl are built for more than the isolated side asks of them. For each
library in TABLE that PROGRAM's libraries need, a small one of the same soname is put into FOLDER:
with the functions that are asked for, in their versions, each of which ends the program with a
sentence, and with those answers that the table gives. What only such a library needed goes too.
Libraries are found where COMPILER links them from, so that this works for another architecture.
"""
import re
import shutil
import subprocess
import sys
from pathlib import Path

HEAD = """\
/* Made by bundle/kit-left-out.py. */
extern __attribute__ ((noreturn)) void abort (void);
extern long write (int, const void *, unsigned long);
#define LEFT_OUT(name) \\
    void name (void) \\
    { \\
        static const char text[] = "handcarry: " #name "() was called, but a kit leaves out %s: " \\
                                   "%s. Please report this.\\n"; \\
        if (write (2, text, sizeof text - 1) < 0) \\
            abort (); \\
        abort (); \\
    }
"""


class Object:
    """What the dynamic linker reads of an ELF file."""

    def __init__(self, path):
        text = subprocess.run(["readelf", "-dW", "--dyn-syms", path], check=True, text=True,
                              stdout=subprocess.PIPE, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}).stdout
        self.needed = re.findall(r"\(NEEDED\).*\[(.+)\]", text)
        self.wanted, self.offered = set(), {}
        for line in text.splitlines():
            row = re.match(r" *\d+: \w+ +(\d+|0x\w+) (\w+) +(?:GLOBAL|WEAK|UNIQUE) +\w+ +(\w+) ([^@ ]+)(@*)(\S*)",
                           line)
            if row is None:
                continue
            size, kind, section, name, _, version = row.groups()
            if section == "UND":
                self.wanted.add((name, version))
            else:
                self.offered[name, version] = (kind, int(size, 0))


def read_table(path):
    """Stem of a soname → (reason, {function: answer}); rows are separated by a blank line."""
    table = {}
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    for block in "\n".join(lines).strip().split("\n\n"):
        first, *more = block.split("\n")
        stem, *answers = first.split()
        reason = " ".join(line.strip() for line in more)
        if not reason:
            sys.exit("%s: %s has no reason" % (path, stem))
        table[stem] = (reason, dict(answer.split("=") for answer in answers))
    return table


def find(compiler, soname):
    path = subprocess.run([*compiler, "-print-file-name=" + soname], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.strip()
    if not path.startswith("/"):
        sys.exit("%s does not find %s" % (compiler[0], soname))
    return path


def stem_of(soname):
    return re.sub(r"(-[\d.]+)?\.so.*", "", soname)


def walk(program, table, compiler):
    """{soname of a library that is left out: those that ask for it}, sonames of all others"""
    left_out, seen, pending = {}, set(), [Object(program)]
    while pending:
        user = pending.pop()
        for soname in user.needed:
            if stem_of(soname) in table:
                left_out.setdefault(soname, []).append(user)
            elif soname not in seen and not soname.startswith("ld-linux"):
                seen.add(soname)
                pending.append(Object(find(compiler, soname)))
    return left_out, seen


def asked_for(soname, users, kept, compiler):
    """[(version, name, kind, size)] of what the users take from this library."""
    real = Object(find(compiler, soname))
    # libostree takes gpg_strerror_r from what only libgpgme needs, and names no version.
    behind = {name: offer for needed in real.needed if needed not in kept
              for (name, _), offer in Object(find(compiler, needed)).offered.items()}
    found = set()
    for name, version in set().union(*(user.wanted for user in users)):
        if (name, version) in real.offered:
            found.add((version, name, *real.offered[name, version]))
        elif not version and name in behind:
            found.add((max(row[1] for row in real.offered), name, *behind[name]))
    if len({row[1] for row in found}) != len(found):
        sys.exit("%s: one name is wanted in two versions" % soname)
    return sorted(found)


def write_source(path, soname, rows, reason, answers):
    text = HEAD % (soname, reason.replace('"', '\\"').replace("%", "%%"))
    for _, name, kind, size in rows:
        if kind == "FUNC" and name in answers:
            text += "long %s (void) { return %s; }\n" % (name, answers[name])
        elif kind == "FUNC":
            text += "LEFT_OUT (%s)\n" % name
        else:
            text += "char %s[%d] __attribute__ ((aligned (16)));\n" % (name, size)
    path.write_text(text)


def write_versions(path, rows):
    text = ""
    for version in sorted({row[0] for row in rows}):
        names = "".join(" %s;" % row[1] for row in rows if row[0] == version)
        text += "%s { global:%s };\n" % (version, names)
    path.write_text(text)


def make(folder, soname, rows, row, compiler):
    source, versions = folder / (soname + ".c"), folder / (soname + ".map")
    write_source(source, soname, rows, *row)
    write_versions(versions, rows)
    named = any(row[0] for row in rows)
    subprocess.run([*compiler, "-w", "-O1", "-g0", "-fPIC", "-fno-builtin", "-shared", "-s",
                    "-Wl,-z,now,-z,relro,-z,noexecstack,--build-id=none,-soname," + soname,
                    *(["-Wl,--version-script=%s" % versions.name] if named else []),
                    "-o", soname, source.name], check=True, cwd=folder)
    source.unlink()
    versions.unlink()


def main():
    table, program, folder = (Path(text) for text in sys.argv[1:4])
    compiler, rows = sys.argv[4:], read_table(table)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    left_out, kept = walk(program, rows, compiler)
    for soname, users in sorted(left_out.items()):
        make(folder, soname, asked_for(soname, users, kept, compiler), rows[stem_of(soname)],
             compiler)


if __name__ == "__main__":
    main()
