"""Following a table or a column: all that it is made of, or all that is made of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Final, Literal

from sparkjobs.lineage.model import Lineage, Node, Table

Way = Literal["up", "down"]
How = Literal["same", "made", "rows"]

_WEAKER: Final[tuple[How, ...]] = ("same", "made", "rows")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A column of a table, or the rows that the table has."""

    node: Node
    column: str = ""
    """Empty for the rows."""


@dataclass(frozen=True, slots=True)
class Reached:
    """What following a column has led to, and by what it hangs together: the weakest link on the way."""

    place: Place
    how: How
    steps: int
    """How many tables lie between the two, the last one counted."""


def nodes_from(lineage: Lineage, starts: Iterable[Node], way: Way) -> frozenset[Node]:
    """`starts`, and all tables that they are made of (up) or that are made of them (down)."""
    links: dict[Node, list[Node]] = {}
    for table in lineage.tables:
        for read in table.reads:
            start, end = (table.node, read) if way == "up" else (read, table.node)
            links.setdefault(start, []).append(end)
    found, waiting = set[Node](), list(starts)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += links.get(node, ())
    return frozenset(found)


def follow(lineage: Lineage, start: Place, way: Way) -> tuple[Reached, ...]:
    """All that the column `start` leads to, what is nearest first.

    Up: every column whose values or whose choice of rows it hangs on. Down: every column that is made of it,
    and every table whose rows hang on it, which includes the tables that read such a table.
    """
    links: dict[Place, list[tuple[Place, How]]] = {}
    for made_of, makes, how in (link for table in lineage.tables for link in _links(table)):
        one, other = (makes, made_of) if way == "up" else (made_of, makes)
        links.setdefault(one, []).append((other, how))
    found: dict[Place, Reached] = {start: Reached(start, "same", 0)}
    for level, how in enumerate(_WEAKER):
        for place, steps in _spread(links, found, frozenset(_WEAKER[: level + 1])):
            found[place] = Reached(place, how, steps)
    order = {table.node: index for index, table in enumerate(lineage.tables)}
    told = [one for place, one in found.items() if place != start and _is_told(one, way)]
    return tuple(
        sorted(told, key=lambda one: (one.steps, order.get(one.place.node, 0), one.how == "rows", one.place))
    )


def _links(table: Table) -> Iterator[tuple[Place, Place, How]]:
    """What hangs together with what in `table`: the one that is made of the other comes second."""
    rows = Place(table.node)
    for column in table.columns:
        for origin in column.origins:
            yield Place(origin.node, origin.column), Place(table.node, column.name), origin.how
        yield rows, Place(table.node, column.name), "rows"
    for origin in table.rows:
        yield Place(origin.node, origin.column), rows, "rows"
    for read in table.reads:
        yield Place(read), rows, "rows"


def _spread(
    links: Mapping[Place, list[tuple[Place, How]]], found: Mapping[Place, Reached], by: frozenset[How]
) -> Iterable[tuple[Place, int]]:
    """What more is reached by links of these kinds, and in how many steps."""
    steps = {place: one.steps for place, one in found.items()}
    waiting = [(count, place) for place, count in steps.items()]
    heapify(waiting)
    while waiting:
        count, place = heappop(waiting)
        for other, how in links.get(place, ()) if count == steps[place] else ():
            further = count + (other.node != place.node)
            if how in by and other not in found and further < steps.get(other, further + 1):
                steps[other] = further
                heappush(waiting, (further, other))
    return {place: count for place, count in steps.items() if place not in found}.items()


def _is_told(one: Reached, way: Way) -> bool:
    """Up it is columns that matter; down what hangs on its table's rows alone is told as the table."""
    if way == "up":
        return bool(one.place.column)
    return one.how != "rows" or not one.place.column
