# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""All attacks of the corpus, in the order in which they are written: importing this enters them."""
# pylint: disable=unused-import
from attacks import signatures, votes_beside, roots, freshness, framing, compression, texts, members  # noqa: F401
from attacks.kit import ATTACKS  # noqa: F401
