"""Rows that a file of cases gives or expects: what stands there, and where."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sparkjobs.config.cases import Given, Rows
from sparkjobs.config.locations import within
from sparkjobs.config.node import MAX_BYTES, Mark, MistakeError, Node, find, scalar

_KINDS = {bool: "boolean", int: "bigint", float: "double", str: "string"}


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of values as YAML means them, or of texts as a CSV file holds them."""

    node: Node
    rows: tuple[Mapping[str, object], ...]
    columns: Mapping[str, str]
    """The types that stand there."""
    lines: tuple[Mark, ...] = ()
    """Where each row of a CSV file begins; empty where the rows stand in the YAML."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, those of the rows first."""
        return tuple(dict.fromkeys((*(name for row in self.rows for name in row), *self.columns)))

    def place(self, row: int, name: str) -> Mark:
        """Where the value of `name` in a row stands, or else the row."""
        return self.lines[row] if self.lines else find(self.node, ("rows", row, name))

    def value(self, row: int, name: str, kind: str = "") -> object:
        """A value as one of type `kind`: the cell of a CSV file is read as YAML, unless it is to be text."""
        found = self.rows[row].get(name)
        return scalar(found) if self.lines and isinstance(found, str) and kind != "string" else found


def table_of(given: Rows, node: Node, folder: Path, root: Path) -> Table:
    """The rows that an entry stands for; a CSV file lies beside the one in `folder`.

    Raises:
        MistakeError: the file cannot be read as a CSV file of the project.
    """
    columns = given.columns if isinstance(given, Given) else {}
    if given.file is None:
        return Table(node, given.rows or (), columns)
    path, place = folder / given.file, find(node, ("file",))
    if not within(path, root):
        raise MistakeError(place, f"{given.file!r} leads out of the project")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            found = tuple(_lines(file.read(MAX_BYTES), str(path.relative_to(root))))
    except (OSError, UnicodeDecodeError) as error:
        raise MistakeError(place, f"{given.file!r} cannot be read: {error}") from error
    return Table(node, tuple(row for row, _ in found), columns, tuple(mark for _, mark in found))


def kinds_of(tables: Iterable[Table]) -> dict[str, str]:
    """The type of each column: what is declared, or else what all its values look like.

    Raises:
        MistakeError: they look like nothing, or like several things.
    """
    tables = tuple(tables)
    kinds: dict[str, str] = {}
    for name in dict.fromkeys(name for table in tables for name in table.names):
        declared = next((table.columns[name] for table in tables if name in table.columns), None)
        kinds[name] = declared or _kind(name, tables)
    return kinds


def _kind(name: str, tables: Iterable[Table]) -> str:
    found: dict[str, Mark] = {}
    for table in tables:
        for row in range(len(table.rows)):
            value, place = table.value(row, name), table.place(row, name)
            if value is not None:
                found.setdefault(_KINDS.get(type(value), "a list or mapping"), place)
    if found.keys() == {"bigint", "double"}:
        return "double"
    if len(found) == 1 and next(iter(found)) in _KINDS.values():
        return next(iter(found))
    table = next(table for table in tables if name in table.names)
    looks = f"is {' and '.join(found)}" if found else "holds no value"
    place = next(reversed(found.values()), table.node.mark)
    raise MistakeError(place, f"{name!r} {looks}; say its type: `{{columns: {{{name}: …}}, rows: […]}}`")


def _lines(text: str, shown: str) -> Iterator[tuple[dict[str, object], Mark]]:
    """The rows of a CSV file, an empty cell being null, each with where it begins."""
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        header, last = next(reader, []), reader.line_num
        for cells in reader:
            mark, last = Mark(shown, last + 1, 1), reader.line_num
            if cells and len(cells) != len(header):
                raise MistakeError(mark, f"{len(cells)} cells below {len(header)} names")
            if cells:
                yield dict(zip(header, (cell or None for cell in cells), strict=True)), mark
    except csv.Error as error:
        raise MistakeError(Mark(shown, reader.line_num, 1), f"not CSV: {error}") from error
