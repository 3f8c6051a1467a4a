# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""All attacks of the corpus, in the order in which they are written: importing this enters them."""
from attacks import roots, signatures  # noqa: F401 pylint: disable=unused-import
from attacks.kit import ATTACKS  # noqa: F401 pylint: disable=unused-import
