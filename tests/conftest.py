# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""Fixtures that every kind of test may use."""
from engines.fixtures import *  # noqa: F401,F403 pylint: disable=wildcard-import,unused-wildcard-import
from engines.release import release  # noqa: F401 pylint: disable=unused-import
