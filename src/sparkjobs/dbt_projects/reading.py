"""YAML of dbt's, read as dbt reads it; what no text of ours may hold is taken out and told."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from sparkjobs.config.node import Node, Plain, plain
from sparkjobs.dbt_projects.model import Remark, Remarks
from sparkjobs.errors import UsageError
from sparkjobs.suites.reading import yaml_of

_REFERENCE = "${"
_FIX = "Say it in conf by hand: there, ${…} names a path, the environment or a secret"


def document(path: str, data: bytes, remarks: Remarks) -> Node:
    """What the file `path` says, without the texts that conf would take for references.

    Raises:
        UsageError: it is not YAML, or more than configuration may be.
    """
    return _without_references(yaml_of(path, data), remarks)


def place(node: Node) -> str:
    """Where `node` is written."""
    return f"{node.mark.file}:{node.mark.line}"


def key_place(node: Node, key: str) -> str:
    """Where the key of a mapping is written."""
    mark = node.keys.get(key, node.mark)
    return f"{mark.file}:{mark.line}"


def entries(node: Node | None, key: str) -> Iterator[tuple[str, Node]]:
    """The mappings with a name in the list that `node` has under `key`.

    Raises:
        UsageError: something else stands there.
    """
    listed = _members(node).get(key)
    if listed is None or listed.value is None:
        return
    if not isinstance(listed.value, tuple):
        raise UsageError(f"{place(listed)}: {key!r} must be a list.", "Nothing was written.")
    for one in listed.value:
        name = _members(one).get("name")
        if name is None or not isinstance(name.value, str):
            raise UsageError(f"{place(one)}: an entry of {key!r} lacks its name.", "Nothing was written.")
        yield name.value, one


def said(node: Node | None, *path: str) -> dict[str, Plain]:
    """What the mapping at `path` says, without the `+` before dbt's keys."""
    for key in path:
        node = _members(node).get(key)
    return {key.removeprefix("+"): plain(one) for key, one in _members(node).items()}


def changed(node: Node, change: Callable[[str], str]) -> Node:
    """The tree with each of its texts as `change` makes it."""
    match node.value:
        case tuple() as items:
            return replace(node, value=tuple(changed(one, change) for one in items))
        case Mapping() as members:
            return replace(node, value={key: changed(one, change) for key, one in members.items()})
        case str() as text:
            return replace(node, value=change(text))
    return node


def without(node: Node, *keys: str) -> Node:
    """A mapping without some of its keys."""
    return replace(node, value={key: one for key, one in _members(node).items() if key not in keys})


def having(node: Node, key: str, value: Node) -> Node:
    """A mapping with another value of one of its keys."""
    keys = node.keys if key in node.keys else {**node.keys, key: value.mark}
    return replace(node, value={**_members(node), key: value}, keys=keys)


def _members(node: Node | None) -> Mapping[str, Node]:
    return node.value if node is not None and isinstance(node.value, Mapping) else {}


def _without_references(node: Node, remarks: Remarks) -> Node:
    match node.value:
        case tuple() as items:
            kept = [_without_references(one, remarks) for one in items if not _refused(one, remarks)]
            return replace(node, value=tuple(kept))
        case Mapping() as members:
            found = {
                key: _without_references(one, remarks)
                for key, one in members.items()
                if not (
                    _refused(one, remarks) or _refused(replace(node, value=key, mark=node.keys[key]), remarks)
                )
            }
            return replace(node, value=found)
    return node


def _refused(node: Node, remarks: Remarks) -> bool:
    if not (isinstance(node.value, str) and _REFERENCE in node.value):
        return False
    remarks.append(Remark(place(node), f"a text holds {_REFERENCE}: {node.value!r}", _FIX))
    return True
