# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""manifest/FORMAT.md names every key that the tables know, and its example-like files parse."""
import re

import pytest

from program import TOP

PAGE = (TOP / "manifest" / "FORMAT.md").read_text()


def table_keys(name):
    """First members of the rows of Field tables."""
    return re.findall(r'^ +\{ "([a-z-]+)",', (TOP / "manifest" / name).read_text(), re.M)


@pytest.mark.parametrize("name", ["release.c", "release-parse.c", "release-health.c",
                                  "statement.c", "packing.c"])
def test_every_key_is_on_the_page(name):
    keys = table_keys(name)
    assert len(keys) >= 4
    assert [key for key in keys if not re.search(rf"`([a-z]+\.)?{key}`", PAGE)] == []


def test_the_limits_are_those_of_the_code():
    code = (TOP / "manifest" / "limits.h").read_text()
    assert "LIMIT_YAML_DEPTH 16" in code and "deeper than 16" in PAGE
    assert "LIMIT_YAML_FLOW_DEPTH 4" in code and "deeper than 4" in PAGE
    assert "LIMIT_LAYERS 127" in code and "at most 127 maps" in PAGE
    assert "LIMIT_FRAMES 65536" in code and "65,536 frames" in PAGE
    assert "LIMIT_TREE_FILES 100000" in code and "at most 100,000" in PAGE
