"""Files of other tools as nodes: bounded, safe, and every mistake with its place."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePath

import yaml

from sparkjobs.config.mistakes import one_line
from sparkjobs.config.node import MAX_BYTES, MAX_DEPTH, MAX_NODES, Mark, MistakeError, Node, Scalar, parse
from sparkjobs.errors import UsageError

_NO_TEXT = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("bool", "int", "float", "null"))
_HINT = "Nothing was imported; give the file as the other tool reads it."


def yaml_of(file: str, data: bytes) -> Node:
    """What YAML in `data` says to tools that read YAML 1.1, where `no` is false and 010 is eight.

    Raises:
        UsageError: it is not YAML, or not safe.
    """
    try:
        tree = parse(file, data)
    except MistakeError as error:
        raise UsageError(one_line(str(error)), _HINT) from error
    events = yaml.parse(data.decode("utf-8-sig"), Loader=yaml.CSafeLoader)
    scalars = ((one.start_mark, one.value) for one in events if isinstance(one, yaml.ScalarEvent))
    texts = {Mark(file, at.line + 1, at.column + 1): text for at, text in scalars if at}
    return _read_again(tree, texts)


def json_of(file: str, data: bytes) -> Node:
    """What JSON in `data` says. Where in the file a value stands, JSON does not tell.

    Raises:
        UsageError: it is not JSON, or more than a suite may be.
    """
    if len(data) > MAX_BYTES:
        raise UsageError(f"{file}: the file is too long: at most {MAX_BYTES:,} bytes are read", _HINT)
    try:
        return _Nodes(file).node(json.loads(data.decode("utf-8-sig")), 0)
    except json.JSONDecodeError as error:
        mark = Mark(file, error.lineno, error.colno)
        raise UsageError(one_line(f"{mark}: {error.msg}"), _HINT) from error
    except RecursionError as error:
        raise UsageError(f"{file}: nested deeper than {MAX_DEPTH}", _HINT) from error
    except ValueError as error:
        raise UsageError(one_line(f"{file}: {error}"), _HINT) from error


def yaml_or_json_of(file: str, data: bytes) -> Node:
    """What `data` says: JSON where the name of the file ends so, else YAML.

    Raises:
        UsageError: it is neither.
    """
    return json_of(file, data) if PurePath(file).suffix == ".json" else yaml_of(file, data)


def members_of(node: Node, what: str) -> Mapping[str, Node]:
    """The members of a mapping.

    Raises:
        UsageError: it is none.
    """
    if not isinstance(node.value, Mapping):
        raise _not_a(node, what, "a mapping")
    return node.value


def nodes_of(node: Node, what: str) -> tuple[Node, ...]:
    """The entries of a list.

    Raises:
        UsageError: it is none.
    """
    if not isinstance(node.value, tuple):
        raise _not_a(node, what, "a list")
    return node.value


def text_of(node: Node, what: str) -> str:
    """The text that a node holds.

    Raises:
        UsageError: it holds none.
    """
    if not isinstance(node.value, str):
        raise _not_a(node, what, "text")
    return node.value


def lacks(node: Node, what: str, key: str) -> UsageError:
    """A key that must be there is not."""
    return UsageError(one_line(f"{_place(node)}: {what} lacks {key!r}"), _HINT)


def _read_again(node: Node, texts: Mapping[Mark, str]) -> Node:
    """The tree with the meaning that YAML 1.1 gives to what stands without quotes."""
    match node.value:
        case tuple() as items:
            return replace(node, value=tuple(_read_again(one, texts) for one in items))
        case Mapping() as members:
            return replace(node, value={key: _read_again(one, texts) for key, one in members.items()})
    text = texts.get(node.mark)
    return node if node.quoted or text is None else replace(node, value=_meaning(text))


def _meaning(text: str) -> Scalar:
    for tag, pattern in yaml.SafeLoader.yaml_implicit_resolvers.get(text[:1], ()):
        if pattern.match(text):
            value: Scalar = yaml.safe_load(text) if tag in _NO_TEXT else text
            return value
    return text


def _not_a(node: Node, what: str, wanted: str) -> UsageError:
    return UsageError(one_line(f"{_place(node)}: {what} must be {wanted}"), _HINT)


def _place(node: Node) -> str:
    return str(node.mark) if node.mark.line else node.mark.file


class _Nodes:
    """Values of JSON as nodes without a line, counted."""

    __slots__ = ("count", "mark")

    def __init__(self, file: str) -> None:
        self.mark = Mark(file, 0, 0)
        self.count = 0

    def node(self, value: object, depth: int) -> Node:
        self.count += 1
        if depth > MAX_DEPTH:
            raise ValueError(f"nested deeper than {MAX_DEPTH}")
        if self.count > MAX_NODES:
            raise ValueError(f"more than {MAX_NODES:,} values")
        match value:
            case list():
                return Node(tuple(self.node(one, depth + 1) for one in value), self.mark)
            case dict():
                members = {key: self.node(one, depth + 1) for key, one in value.items()}
                return Node(members, self.mark, dict.fromkeys(members, self.mark))
            case str() | int() | float() | None:
                return Node(value, self.mark)
        raise TypeError(type(value).__name__)
