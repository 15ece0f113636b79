"""Lineage: which tables each table is made of, and of which columns its columns."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """What can be read: a source, the table of a job, or a view."""

    kind: Literal["source", "job", "view"]
    name: str


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """A column of which another is made."""

    node: Node
    column: str
    how: Literal["same", "made"]
    """Whether its values are handed on as they are, or something is made of them."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table, and what its values are made of."""

    name: str
    type: str
    """As Spark writes it; empty where nobody has asked Spark."""
    origins: tuple[Origin, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table, and what it is made of."""

    node: Node
    reads: tuple[Node, ...]
    columns: tuple[Column, ...] = ()
    rows: tuple[Origin, ...] = ()
    """The columns that decide which rows it has: of filters, joins, groups and orders."""
    unknown: str = ""
    """Why its columns are not known; empty where they are, or where nobody has asked."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """All tables of a project, each after those that it reads."""

    tables: tuple[Table, ...]
