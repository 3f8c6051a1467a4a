# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""What stock minisign -V -H says of the same files, and where handcarry is stricter on purpose."""
import subprocess

# Signatures that minisign takes and handcarry does not: {file or attack: why}. Nothing is the other
# way round. Each of them also verifies without handcarry, so none of them is an attack by itself:
# they are other encodings of a good signature, or text that a terminal should not be shown.
ENCODING = "one signature has one encoding here"
SHOWN = "text that would reach a terminal"
STRICTER = {
    "bad-007-comment-cr.minisig": SHOWN,
    "bad-007-untrusted-comment-escape.minisig": SHOWN,
    "bad-008-crlf.minisig": ENCODING,
    "bad-008-empty-line-5.minisig": ENCODING,
    "bad-008-junk-after-line-4.minisig": ENCODING,
    "bad-008-no-final-newline.minisig": ENCODING,
    "bad-008-spare-bits.minisig": ENCODING,
    "bad-crlf.pub": ENCODING,
    "bad-no-final-newline.pub": ENCODING,
    "bad-trailing.pub": ENCODING,
    "007-comment-escape": SHOWN,
    "007-comment-csi": SHOWN,
    "007-comment-bidi": SHOWN,
    "007-comment-utf-8": SHOWN,
    "008-encoding-junk-behind": ENCODING,
    "049-untrusted-comment-comment": ENCODING,
    "049-untrusted-comment-nothing": ENCODING,
    "008-encoding-empty-line-behind": ENCODING,
    "008-encoding-crlf": ENCODING,
    "008-encoding-no-last-line-end": ENCODING,
    "008-encoding-spare-bits": ENCODING,
    "008-encoding-untrusted-comment": ENCODING,
}


def accepts(key_file, text_file, vote_file):
    """Does minisign take the vote as one of this key on this text?"""
    ran = subprocess.run(["minisign", "-V", "-q", "-H", "-p", key_file, "-m", text_file, "-x",
                          vote_file], stdin=subprocess.DEVNULL, capture_output=True, check=False,
                         timeout=60)
    return ran.returncode == 0
