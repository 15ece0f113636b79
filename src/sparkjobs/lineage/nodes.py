"""Plans and expressions as Spark writes them in JSON, and what is found of them.

A tree is the list of its nodes, each before its children; an expression inside a node is such a list again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sparkjobs.lineage.origins import Origins

Nodes = list[Mapping[str, Any]]
"""A tree as the list of its nodes, each before its children."""


class UnknownPlanError(Exception):
    """Something in a plan of which nobody knows what it does to columns; its text says what."""


@dataclass(frozen=True, slots=True)
class Output:
    """A column that a node of a plan hands on."""

    number: int
    """Spark's, which stays when it is renamed."""
    name: str
    origins: Origins


@dataclass(frozen=True, slots=True)
class Found:
    """What a part of a plan hands on."""

    outputs: tuple[Output, ...]
    rows: Origins = field(default_factory=dict)
    """What decides which rows there are."""
    order: Origins = field(default_factory=dict)
    """What they are ordered by, which matters once a limit cuts them."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a plan."""

    kind: str
    fields: Mapping[str, Any]
    children: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a part of a plan can name that is not its own."""

    outer: Mapping[int, Origins] = field(default_factory=dict)
    """The columns around a subquery."""
    tables: dict[int, Found] = field(default_factory=dict)
    """The common tables that were met so far, and what loops have come to."""


def tree(nodes: Nodes) -> Node:
    """`nodes`, which are a plan, put together."""
    stack: list[Node] = []
    for one in reversed(nodes):
        count = int(one["num-children"])
        children = tuple(stack.pop() for _ in range(count))
        stack.append(Node(kind_of(one), one, children))
    return stack.pop()


def kind_of(node: Mapping[str, Any]) -> str:
    """The class of `node`."""
    return str(node["class"]).rpartition(".")[2]


def number_of(attribute: Mapping[str, Any]) -> int:
    """Spark's number of a named expression."""
    return int(attribute["exprId"]["id"])


def root_of(nodes: Nodes) -> Mapping[str, Any]:
    """The expression itself; of a column from around a subquery, that column."""
    if kind_of(nodes[0]) == "OuterReference":
        return next(root_of(one) for value in nodes[0].values() for one in lists_in(value))
    return nodes[0]


def lists_in(value: Any) -> Iterator[Nodes]:  # noqa: ANN401 (of JSON)
    """The trees in the field `value` of a node, however deep the lists are in which they stand."""
    if isinstance(value, list) and value:
        if isinstance(value[0], Mapping) and "num-children" in value[0]:
            yield value
        else:
            for one in value:
                yield from lists_in(one)
