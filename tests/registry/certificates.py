# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""A CA of its own and certificates for servers on 127.0.0.1, made by openssl in a moment."""
import subprocess


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, stdout=subprocess.PIPE,
                   stderr=subprocess.STDOUT)


class Authority:
    def __init__(self, folder, name="ca"):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.certificate, self.key = folder / (name + ".crt"), folder / (name + ".key")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-days", "30", "-subj", "/CN=" + name, "-keyout", self.key, "-out",
                self.certificate)

    def issue(self, name, alternative="IP:127.0.0.1"):
        """(certificate, key, both in one file); alternative: subjectAltName."""
        base = self.folder / name
        key, request, certificate = (base.with_suffix(end) for end in (".key", ".csr", ".cert"))
        names = base.with_suffix(".names")
        names.write_text("subjectAltName = %s\n" % alternative)
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                "/CN=" + name, "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key,
                "-CAcreateserial", "-days", "30", "-extfile", names, "-out", certificate)
        both = base.with_suffix(".pem")
        both.write_bytes(certificate.read_bytes() + key.read_bytes())
        return certificate, key, both
