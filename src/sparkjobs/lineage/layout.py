"""Where the tables of a graph stand in a drawing: layers from left to right, with few crossings in between.

The steps are Sugiyama's: every table right of all that it reads, a place for each long edge in each layer
that it passes, barycentres for the order, and then as straight as that order allows. The same graph is always
laid out the same.
"""

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from sparkjobs.lineage.model import Node

Edge = tuple[Node, Node]
Item = Node | tuple[Edge, int]
"""A table, or the place of an edge in a layer that it passes."""
Order = list[list[Item]]
Links = Mapping[Item, Sequence[Item]]

_SWEEPS: Final = 12
_BESIDE_AN_EDGE: Final = 0.6
"""How far an edge that passes stays away; tables are 1 apart."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a table stands."""

    node: Node
    layer: int
    row: float


@dataclass(frozen=True, slots=True)
class Route:
    """How an edge goes, from layer to layer."""

    start: Node
    end: Node
    points: tuple[tuple[int, float], ...]
    """A layer and a row each, both ends among them."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A whole drawing, in layers and rows; its first row is 0."""

    spots: tuple[Spot, ...]
    routes: tuple[Route, ...]
    layers: int
    rows: float


def laid_out(nodes: Sequence[Node], edges: Iterable[Edge]) -> Layout:
    """A drawing of `nodes`, each of which comes after those it reads, and of the `edges` between them."""
    known = set(nodes)
    kept = [edge for edge in dict.fromkeys(edges) if known.issuperset(edge)]
    if not known:
        return Layout((), (), 0, 0)
    layer_of = _layers(nodes, kept)
    chains = {edge: _chain(edge, layer_of) for edge in kept}
    order: Order = [[] for _ in range(max(layer_of.values()) + 1)]
    for node in nodes:
        order[layer_of[node]].append(node)
    for (start, _), chain in chains.items():
        for step, item in enumerate(chain[1:-1], layer_of[start] + 1):
            order[step].append(item)
    up: dict[Item, list[Item]] = {}
    down: dict[Item, list[Item]] = {}
    for chain in chains.values():
        for one, other in pairwise(chain):
            down.setdefault(one, []).append(other)
            up.setdefault(other, []).append(one)
    rows = _rows(_ordered(order, up, down), up, down)
    spots = tuple(Spot(node, layer_of[node], rows[node]) for node in nodes)
    routes = tuple(
        Route(*edge, tuple((layer_of[edge[0]] + step, rows[item]) for step, item in enumerate(chain)))
        for edge, chain in chains.items()
    )
    return Layout(spots, routes, len(order), max(rows.values()) + 1)


def layers(nodes: Sequence[Node], edges: Iterable[Edge]) -> tuple[tuple[Node, ...], ...]:
    """`nodes` by layer, each from top to bottom: for who gives them places of their own."""
    drawing = laid_out(nodes, edges)
    found: list[list[Spot]] = [[] for _ in range(drawing.layers)]
    for spot in drawing.spots:
        found[spot.layer].append(spot)
    return tuple(tuple(spot.node for spot in sorted(layer, key=lambda one: one.row)) for layer in found)


def _layers(nodes: Sequence[Node], edges: Iterable[Edge]) -> dict[Node, int]:
    """The longest way from the left; what reads nothing stands close to its first reader."""
    reads: dict[Node, list[Node]] = {node: [] for node in nodes}
    readers: dict[Node, list[Node]] = {node: [] for node in nodes}
    for start, end in edges:
        reads[end].append(start)
        readers[start].append(end)
    found: dict[Node, int] = {}
    for node in nodes:
        found[node] = max((found[one] + 1 for one in reads[node]), default=0)
    for node in nodes:
        if not reads[node] and readers[node]:
            found[node] = min(found[one] for one in readers[node]) - 1
    return found


def _chain(edge: Edge, layer_of: Mapping[Node, int]) -> tuple[Item, ...]:
    start, end = edge
    return (start, *((edge, layer) for layer in range(layer_of[start] + 1, layer_of[end])), end)


def _ordered(order: Order, up: Links, down: Links) -> Order:
    """The best of several sweeps, in each of which every item comes close to its neighbours."""
    best, fewest = order, _crossings(order, down)
    for sweep in range(_SWEEPS):
        forth = sweep % 2 == 0
        order = [list(layer) for layer in order]
        steps = range(1, len(order)) if forth else range(len(order) - 2, -1, -1)
        for step in steps:
            beside = order[step - 1 if forth else step + 1]
            place = {item: index for index, item in enumerate(beside)}
            order[step] = _by_barycentre(order[step], up if forth else down, place)
        if (count := _crossings(order, down)) < fewest:
            best, fewest = order, count
    return best


def _by_barycentre(layer: list[Item], links: Links, place: Mapping[Item, int]) -> list[Item]:
    """`layer` in the order of the means of its neighbours; an item without any keeps its share of the way."""
    scale = len(place) / len(layer) if layer else 0

    def mean(index: int) -> float:
        near = [place[one] for one in links.get(layer[index], ())]
        return sum(near) / len(near) if near else (index + 0.5) * scale - 0.5

    return [layer[index] for index in sorted(range(len(layer)), key=lambda index: (mean(index), index))]


def _crossings(order: Order, down: Links) -> int:
    """How often edges cross between neighbouring layers."""
    count = 0
    for layer, right in pairwise(order):
        place = {item: index for index, item in enumerate(right)}
        ends: list[int] = []
        for item in layer:
            own = sorted(place[one] for one in down.get(item, ()))
            count += sum(len(ends) - bisect_right(ends, end) for end in own)
            for end in own:
                insort(ends, end)
    return count


def _rows(order: Order, up: Links, down: Links) -> dict[Item, float]:
    """A row for each item, so that edges are as straight as the order of the items allows."""
    rows = {item: float(index) for layer in order for index, item in enumerate(layer)}
    for sweep in range(_SWEEPS):
        forth = sweep % 2 == 0
        for layer in order if forth else reversed(order):
            links = [
                (*up.get(item, ()), *down.get(item, ()))
                if sweep > 1
                else (up if forth else down).get(item, ())
                for item in layer
            ]
            wanted = [
                sum(rows[one] for one in near) / len(near) if near else rows[item]
                for item, near in zip(layer, links, strict=True)
            ]
            rows.update(zip(layer, _apart(layer, wanted), strict=True))
    top = min(rows.values())
    return {item: row - top for item, row in rows.items()}


def _apart(layer: list[Item], wanted: list[float]) -> list[float]:
    """The rows closest to those `wanted` at which no two items come too close: isotonic regression."""
    gaps = [0.0]
    for one, other in pairwise(layer):
        both = isinstance(one, Node) and isinstance(other, Node)
        gaps.append(gaps[-1] + (1 if both else _BESIDE_AN_EDGE))
    blocks: list[tuple[float, int]] = []
    for row, gap in zip(wanted, gaps, strict=True):
        total, count = row - gap, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
            before, more = blocks.pop()
            total, count = total + before, count + more
        blocks.append((total, count))
    level = [total / count for total, count in blocks for _ in range(count)]
    return [one + gap for one, gap in zip(level, gaps, strict=True)]
