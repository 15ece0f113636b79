"""Paths in conf: made absolute, and kept inside the roots that `paths:` declares."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path

from sparkjobs.config.node import Node, find, plain

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_GLOB = re.compile(r"[*?\[\]{}]")


def placed(tree: Node, root: Path, mistakes: list[str]) -> Node:
    """`tree` with the path of each source and output, and of the file of events, absolute.

    A path that leaves every declared root, links followed, is added to `mistakes`.
    """
    roots = _roots(tree, root, mistakes)

    def place(owner: Node, key: str = "path") -> Node:
        members = owner.value if isinstance(owner.value, Mapping) else {}
        node = members.get(key)
        if node is None or not isinstance(node.value, str):
            return owner
        try:
            path = located(node.value, root)
        except ValueError as error:
            mistakes.append(f"{node.mark}: {error}")
            return owner
        if not any(within(fixed_part(path), allowed) for allowed in roots):
            mistakes.append(f"{node.mark}: {node.value!r} leads outside every folder of `paths:`")
        return Node({**members, key: Node(path, node.mark)}, owner.mark, owner.keys)

    def place_output(owner: Node) -> Node:
        match owner.value:
            case {"path": Node(value=str() as text, mark=mark)} if _GLOB.search(text):
                mistakes.append(
                    f"{mark}: {text!r}: the path of an output is one folder, without * ? [ ] {{ }}"
                )
        return place(owner)

    tree = _at(tree, ("project", "openlineage"), partial(place, key="file"))
    return _at(_at(tree, ("sources", "*"), place), ("jobs", "*", "output"), place_output)


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
            texts = {str(name): text for name, text in declared.items() if isinstance(text, str)}
        case _:
            texts = {"": "."}
    roots = []
    for name, text in texts.items():
        try:
            roots.append(Path(located(text, root)))
        except ValueError as error:
            mistakes.append(f"{find(tree, ('project', 'paths', name))}: {error}")
    return tuple(roots)


def within(path: Path, root: Path) -> bool:
    """Whether `path` lies in `root` once the links of both are followed."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))


def real_paths(paths: Iterable[str]) -> Iterator[str]:
    """Each of `paths` with its links followed; those of a folder once for all that lies in it."""
    real_folder = cache(os.path.realpath)
    for path in paths:
        folder, name = os.path.split(path)
        yield os.path.realpath(path) if os.path.islink(path) else os.path.join(real_folder(folder), name)  # noqa: PTH114, PTH118


def fixed_part(path: str) -> Path:
    """`path` up to its first glob."""
    parts = Path(path).parts
    fixed = next((index for index, part in enumerate(parts) if _GLOB.search(part)), len(parts))
    return Path(*parts[:fixed])


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
