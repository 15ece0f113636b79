"""What hangs together with what, looked up from any table or column."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from sparkjobs.docs.model import Column
from sparkjobs.lineage import Lineage, Node, Origin, Place, Table, nodes_from


@dataclass(frozen=True, slots=True)
class Links:
    """The edges of a graph, both ways."""

    lineage: Lineage
    down: Mapping[Node, tuple[Node, ...]]
    uses: Mapping[Place, tuple[Place, ...]]
    """By column, the columns that are made of it."""

    @property
    def edges(self) -> tuple[tuple[Node, Node], ...]:
        """What is read, and by whom."""
        return tuple((read, table.node) for table in self.lineage.tables for read in table.reads)

    def readers(self, node: Node) -> tuple[Node, ...]:
        """The tables that are made of `node` itself."""
        return self.down.get(node, ())

    def further(self, node: Node, way: Literal["up", "down"]) -> tuple[Node, ...]:
        """The tables that `node` is made of, or that are made of it, in more than one step."""
        reads = next((table.reads for table in self.lineage.tables if table.node == node), ())
        near = {node, *(reads if way == "up" else self.readers(node))}
        found = nodes_from(self.lineage, (node,), way) - near
        return tuple(table.node for table in self.lineage.tables if table.node in found)

    def linked(
        self, table: Table, columns: Iterable[Column], before: Mapping[Place, Column]
    ) -> Iterator[Column]:
        """`columns`, and those that only lineage knows, with what they are made of and what is made of them.

        What is handed on as it is means what it meant `before`, where nobody says anything else.
        """
        known = {one.name: one for one in columns}
        traced = {one.name: one for one in table.columns}
        # notes in conf are in any order; a table and a query are in their own
        order = known if any(one.type for one in known.values()) else traced
        for name in dict.fromkeys((*order, *known, *traced)):
            column, trace = known.get(name, Column(name)), traced.get(name)
            origins = trace.origins if trace else ()
            yield replace(
                _explained(column, origins, before),
                type=column.type or (trace.type if trace else ""),
                origins=origins,
                uses=self.uses.get(Place(table.node, name), ()),
            )


def _explained(column: Column, origins: tuple[Origin, ...], before: Mapping[Place, Column]) -> Column:
    """`column` with the description of the one column that it is, where it has none."""
    if column.description or len(origins) != 1 or origins[0].how != "same":
        return column
    place = Place(origins[0].node, origins[0].column)
    told = before.get(place)
    if told is None or not told.description:
        return column
    unit = column.unit or told.unit
    return replace(column, description=told.description, unit=unit, said_of=told.said_of or place)


def links_of(lineage: Lineage) -> Links:
    """The edges of `lineage`, both ways."""
    down: dict[Node, list[Node]] = {}
    uses: dict[Place, list[Place]] = {}
    for table in lineage.tables:
        for read in table.reads:
            down.setdefault(read, []).append(table.node)
        for column in table.columns:
            for origin in column.origins:
                uses.setdefault(Place(origin.node, origin.column), []).append(Place(table.node, column.name))
    return Links(
        lineage,
        {node: tuple(dict.fromkeys(readers)) for node, readers in down.items()},
        {place: tuple(dict.fromkeys(users)) for place, users in uses.items()},
    )
