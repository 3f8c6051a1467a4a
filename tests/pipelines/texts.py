# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""YAML as the services read it, but strictly: what is there twice, or not known, is a mistake."""
import yaml


class Strict(yaml.SafeLoader):
    """Refuses a key that is there twice, and leaves "on" the word that it is."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"twice: {twice}", node.start_mark)
        return super().construct_mapping(node, deep)


Strict.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:bool"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()}
Strict.add_implicit_resolver("tag:yaml.org,2002:bool", __import__("re").compile("^(true|false)$"), "tf")


def load(path):
    return yaml.load(path.read_text(encoding="utf-8"), Loader=Strict)


def only(mapping, *known):
    """The mapping, in which no other key may be."""
    assert set(mapping) <= set(known), set(mapping) - set(known)
    return mapping
