"""What pictures of lineage show: boxes, the lines in them, and arrows between these."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from sparkjobs.lineage.follow import Place
from sparkjobs.lineage.model import Lineage, Node, Table

ROWS: Final = "its rows"
"""The line that stands for which rows a table has."""


@dataclass(frozen=True, slots=True)
class Box:
    """A table, with its columns where these are shown."""

    node: Node
    lines: tuple[str, ...] = ()
    has_rows: bool = False
    """Whether a further line stands for its rows."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """From what is read to what is made of it: tables, or places in them."""

    start: Place
    end: Place
    how: Literal["reads", "same", "made", "rows"]


@dataclass(frozen=True, slots=True)
class Picture:
    """All of it; boxes come after those that they are made of."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def tables_pictured(lineage: Lineage) -> Picture:
    """Tables, and what reads what."""
    arrows = [
        Arrow(Place(read), Place(table.node), "reads") for table in lineage.tables for read in table.reads
    ]
    return _picture([Box(table.node) for table in lineage.tables], arrows)


def columns_pictured(lineage: Lineage, *, rows: bool) -> Picture:
    """Columns, and what is made of what; with `rows` also what decides which rows there are."""
    with_rows = {table.node for table in lineage.tables if rows and (table.rows or not table.columns)}
    arrows = [
        Arrow(Place(origin.node, origin.column), Place(table.node, column.name), origin.how)
        for table in lineage.tables
        for column in table.columns
        for origin in column.origins
    ]
    for table in lineage.tables if rows else ():
        deciding = [Place(one.node, one.column) for one in table.rows]
        met = {one.node for one in deciding} | {one.node for of in table.columns for one in of.origins}
        deciding += [Place(one) for one in table.reads if one in with_rows - met]
        arrows += [Arrow(place, Place(table.node), "rows") for place in deciding]
    boxes = [
        Box(table.node, tuple(one.name for one in table.columns), table.node in with_rows)
        for table in lineage.tables
    ]
    return _picture(boxes, arrows)


def _picture(boxes: list[Box], arrows: list[Arrow]) -> Picture:
    """Only arrows both ends of which are shown."""
    shown = {Place(box.node, line) for box in boxes for line in (*box.lines, "")}
    return Picture(tuple(boxes), tuple(one for one in arrows if {one.start, one.end} <= shown))


def part(lineage: Lineage, nodes: Collection[Node]) -> Lineage:
    """The tables `nodes`, each with all that is known of it."""
    return Lineage(tuple(table for table in lineage.tables if table.node in nodes))


def places(lineage: Lineage, wanted: Collection[Place]) -> Lineage:
    """The columns and rows `wanted`, as if there were no others."""
    nodes = {place.node for place in wanted}
    return Lineage(tuple(_only(table, wanted) for table in part(lineage, nodes).tables))


def _only(table: Table, wanted: Collection[Place]) -> Table:
    columns = tuple(
        replace(one, origins=tuple(of for of in one.origins if Place(of.node, of.column) in wanted))
        for one in table.columns
        if Place(table.node, one.name) in wanted
    )
    rows = tuple(of for of in table.rows if Place(of.node, of.column) in wanted)
    return replace(table, columns=columns, rows=rows)


def readers(picture: Picture) -> Iterator[tuple[Node, Node]]:
    """Each table with one that is made of it, once."""
    yield from dict.fromkeys(
        (one.start.node, one.end.node) for one in picture.arrows if one.start.node != one.end.node
    )
