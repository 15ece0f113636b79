"""YAML as a tree of nodes that know where they were written. Hostile text ends in one error.

Values follow YAML 1.2's core schema: `no` is a word, `2013-01-01` is text, `012` is twelve.
Aliases, tags, merge keys and duplicate keys are refused, size and depth are bounded, all of it
while the parser's events come in and before anything is built.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NoReturn, Protocol, TypeAlias, cast

import yaml

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
MAX_NODES = 50_000

Scalar: TypeAlias = str | int | float | bool | None
Plain: TypeAlias = "Scalar | tuple[Plain, ...] | dict[str, Plain]"


class _Position(Protocol):
    """A place as PyYAML counts it, from 0; its two parsers have a class each."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a conf file, counted from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class MistakeError(Exception):
    """One mistake at one place; `load` collects them into a ConfigError."""

    def __init__(self, mark: Mark, problem: str) -> None:
        super().__init__(f"{mark}: {problem}")


@dataclass(frozen=True, slots=True)
class Node:
    """A scalar, sequence or mapping with its place, and for a mapping the place of each key."""

    value: "Scalar | tuple[Node, ...] | Mapping[str, Node]"
    mark: Mark
    keys: Mapping[str, Mark] = field(default_factory=dict)
    quoted: bool = False
    """Whether a scalar was written in quotes or as a block: it means its text, whatever it looks like."""


def parse(file: str, data: bytes) -> Node:
    """The document in `data`. An empty file is an empty mapping.

    Raises:
        MistakeError: it is not YAML, or is more than configuration may be.
    """
    start = Mark(file, 1, 1)
    if len(data) > MAX_BYTES:
        raise MistakeError(start, f"the file is too long: at most {MAX_BYTES:,} bytes are read")
    text = _decoded(file, data)
    try:
        _refuse_hostile(file, text)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        problem = ", ".join(filter(None, (error.context, error.problem)))
        _refuse(file, error.problem_mark or error.context_mark, problem or "not YAML")
    except yaml.reader.ReaderError as error:
        before = text.encode()[: error.position].decode(errors="ignore")
        raise MistakeError(_after(file, before), "control characters are not allowed") from error
    return Node({}, start) if root is None else _node(file, root)


def scalar(text: str) -> Scalar:
    """What `text` means as an unquoted YAML scalar."""
    for pattern, meaning in _MEANINGS:
        if pattern.fullmatch(text):
            return meaning(text)
    return text


def plain(node: Node) -> Plain:
    """The tree without its places: dicts, tuples and scalars."""
    match node.value:
        case tuple() as items:
            return tuple(plain(item) for item in items)
        case Mapping() as members:
            return {key: plain(member) for key, member in members.items()}
        case leaf:
            return leaf


def mapped(node: Node, change: Callable[[Node, str], Scalar]) -> Node:
    """The tree with each text scalar replaced by what `change` makes of it."""
    match node.value:
        case tuple() as items:
            return Node(tuple(mapped(item, change) for item in items), node.mark)
        case Mapping() as members:
            changed = {key: mapped(member, change) for key, member in members.items()}
            return Node(changed, node.mark, node.keys)
        case str() as text:
            return Node(change(node, text), node.mark)
        case _:
            return node


def merged(base: Node, over: Node) -> Node:
    """`over` laid on `base`: mappings merge key by key, everything else is replaced."""
    if not (isinstance(base.value, Mapping) and isinstance(over.value, Mapping)):
        return over
    members, keys = dict(base.value), dict(base.keys)
    for key, member in over.value.items():
        members[key] = merged(members[key], member) if key in members else member
        if members[key] is member:
            keys[key] = over.keys.get(key, member.mark)
    return Node(members, base.mark, keys)


def nested(path: tuple[str, ...], leaf: Node) -> Node:
    """A chain of one-key mappings that ends in `leaf`."""
    for key in reversed(path):
        leaf = Node({key: leaf}, leaf.mark, {key: leaf.mark})
    return leaf


def members(node: Node | None, *path: str) -> Mapping[str, Node]:
    """The members of the mapping at `path` below `node`; none where there is no mapping."""
    for key in path:
        node = members(node).get(key)
    return node.value if node is not None and isinstance(node.value, Mapping) else {}


def find(node: Node, location: tuple[str | int, ...]) -> Mark:
    """The place of `location`, or of the nearest thing above it that was written down."""
    mark = node.mark
    for part in written(node, location):
        if isinstance(node.value, Mapping):
            mark, node = node.keys[str(part)], node.value[str(part)]
        else:
            node = cast("tuple[Node, ...]", node.value)[int(part)]
            mark = node.mark
    return mark


def written(node: Node, location: tuple[str | int, ...]) -> Iterator[str | int]:
    """The parts of `location` that stand in a file; others, such as the tag of a union, are passed over."""
    for part in location:
        match node.value, part:
            case Mapping() as members, str() if part in members:
                node = members[part]
                yield part
            case Mapping() as members, str() if (key := _around(members, part)) is not None:
                node = cast("Mapping[str, Node]", members[key].value)[part]
                yield from (key, part)
            case tuple() as items, int() if part < len(items):
                node = items[part]
                yield part


def _around(members: Mapping[str, Node], part: str) -> str | None:
    """The one key of `{kind: {…}}` that stands around `part`."""
    for key, inner in members.items() if len(members) == 1 else ():
        if isinstance(inner.value, Mapping) and part in inner.value:
            return key
    return None


def _decoded(file: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        raise MistakeError(_after(file, before), "the file is not UTF-8") from error


def _after(file: str, before: str) -> Mark:
    return Mark(file, before.count("\n") + 1, len(before) - before.rfind("\n"))


def _refuse_hostile(file: str, text: str) -> None:
    depth = 0
    for nodes, event in enumerate(yaml.parse(text, Loader=yaml.CSafeLoader)):
        opens = isinstance(event, yaml.CollectionStartEvent)
        depth += opens - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            _refuse(file, event.start_mark, "anchors and aliases are not allowed")
        if getattr(event, "tag", None):
            _refuse(file, event.start_mark, "tags are not allowed")
        if depth > MAX_DEPTH:
            _refuse(file, event.start_mark, f"nested deeper than {MAX_DEPTH}")
        if nodes > MAX_NODES:
            _refuse(file, event.start_mark, f"more than {MAX_NODES:,} values")


def _node(file: str, node: yaml.Node) -> Node:
    mark = _mark(file, node.start_mark)
    if isinstance(node, yaml.SequenceNode):
        return Node(tuple(_node(file, item) for item in node.value), mark)
    if isinstance(node, yaml.MappingNode):
        members: dict[str, Node] = {}
        keys: dict[str, Mark] = {}
        for key, member in node.value:
            if not isinstance(key, yaml.ScalarNode):
                _refuse(file, key.start_mark, "a key must be a word")
            if key.value == "<<":
                _refuse(file, key.start_mark, "merge keys are not allowed")
            if key.value in members:
                _refuse(file, key.start_mark, f"{key.value!r} stands twice; first at {keys[key.value]}")
            keys[key.value] = _mark(file, key.start_mark)
            members[key.value] = _node(file, member)
        return Node(members, mark, keys)
    text = str(node.value)
    written_plain = cast("yaml.ScalarNode", node).style in (None, "")
    return Node(scalar(text) if written_plain else text, mark, quoted=not written_plain)


def _mark(file: str, mark: _Position | None) -> Mark:
    return Mark(file, mark.line + 1, mark.column + 1) if mark else Mark(file, 1, 1)


def _refuse(file: str, mark: _Position | None, problem: str) -> NoReturn:
    raise MistakeError(_mark(file, mark), problem)


class _Loader(yaml.CSafeLoader):
    """Composes nodes; every scalar stays text until `scalar` reads it."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (PyYAML's own shape)


_MEANINGS: tuple[tuple[re.Pattern[str], Callable[[str], Scalar]], ...] = (
    (re.compile(r"~|null|Null|NULL|"), lambda _: None),
    (re.compile(r"true|True|TRUE|false|False|FALSE"), lambda text: text.lower() == "true"),
    (re.compile(r"[-+]?[0-9]{1,18}"), int),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?"), float),
)
