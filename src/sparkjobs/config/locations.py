"""Paths in conf: made absolute, and kept inside the roots that `paths:` declares."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from sparkjobs.config.node import Node, plain

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_GLOB = re.compile(r"[*?\[\]{}]")


def placed(tree: Node, root: Path, mistakes: list[str]) -> Node:
    """`tree` with the path of each source and output absolute.

    A path that leaves every declared root, links followed, is added to `mistakes`.
    """
    roots = _roots(tree, root, mistakes)

    def place(owner: Node) -> Node:
        members = owner.value if isinstance(owner.value, Mapping) else {}
        node = members.get("path")
        if node is None or not isinstance(node.value, str):
            return owner
        try:
            path = located(node.value, root)
        except ValueError as error:
            mistakes.append(f"{node.mark}: {error}")
            return owner
        if not any(_within(path, allowed) for allowed in roots):
            mistakes.append(f"{node.mark}: {node.value!r} leads outside every folder of `paths:`")
        return Node({**members, "path": Node(path, node.mark)}, owner.mark, owner.keys)

    return _at(_at(tree, ("sources", "*"), place), ("jobs", "*", "output"), place)


def located(text: str, root: Path) -> str:
    """`text` as an absolute path of this file system, without `..`.

    Raises:
        ValueError: it is no such path.
    """
    if re.search(r"[\x00-\x1f]", text) or not text.strip():
        raise ValueError(f"{text!r} is not a path")
    bare = re.sub(r"^file:(//)?(?=/)", "", text)
    if _SCHEME.match(bare):
        raise ValueError(
            f"{text!r}: only paths of a file system that driver and executors share are supported"
        )
    return os.path.normpath(root / bare)


def _roots(tree: Node, root: Path, mistakes: list[str]) -> tuple[Path, ...]:
    match plain(tree):
        case {"project": {"paths": {**declared}}} if declared:
            texts = [text for text in declared.values() if isinstance(text, str)]
        case _:
            texts = ["."]
    roots = []
    for text in texts:
        try:
            roots.append(Path(os.path.realpath(located(text, root))))
        except ValueError as error:
            mistakes.append(f"{tree.mark}: {error}")
    return tuple(roots)


def _within(path: str, root: Path) -> bool:
    """Whether `path`, up to its first glob, lies in `root` once links are followed."""
    parts = Path(path).parts
    fixed = next((index for index, part in enumerate(parts) if _GLOB.search(part)), len(parts))
    return Path(os.path.realpath(Path(*parts[:fixed]))).is_relative_to(root)


def _at(node: Node, path: tuple[str, ...], change: Callable[[Node], Node]) -> Node:
    """`node` with `change` applied at `path`, where `*` stands for every key."""
    if not path:
        return change(node)
    if not isinstance(node.value, Mapping):
        return node
    members = {
        key: _at(member, path[1:], change) if path[0] in (key, "*") else member
        for key, member in node.value.items()
    }
    return Node(members, node.mark, node.keys)
