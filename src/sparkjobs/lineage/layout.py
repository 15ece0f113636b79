"""Where boxes stand: in layers by the longest way to them, and within these near what they are made of."""

from collections.abc import Iterable, Mapping, Sequence

from sparkjobs.lineage.model import Node

_SWEEPS = 4
"""How often the layers are put in order by each other; more changes little."""


def layers(nodes: Sequence[Node], links: Iterable[tuple[Node, Node]]) -> tuple[tuple[Node, ...], ...]:
    """`nodes` in layers, each in one after all that lead to it; what crosses is few.

    Each of `links` leads from a node to a later one of `nodes`, and all are among these.
    """
    before: dict[Node, list[Node]] = {node: [] for node in nodes}
    after: dict[Node, list[Node]] = {node: [] for node in nodes}
    for start, end in links:
        before[end].append(start)
        after[start].append(end)
    depth: dict[Node, int] = {}
    for node in nodes:
        depth[node] = 1 + max((depth[one] for one in before[node]), default=-1)
    for node in reversed(nodes):  # what is read late stands near its readers
        if not before[node] and after[node]:
            depth[node] = min(depth[one] for one in after[node]) - 1
    found = [
        [node for node in nodes if depth[node] == index]
        for index in range(max(depth.values(), default=-1) + 1)
    ]
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for index in range(1, len(found)) if down else range(len(found) - 2, -1, -1):
            beside = before if down else after
            found[index] = _by_barycentre(found[index], beside, _heights(found))
    return tuple(map(tuple, found))


def _heights(found: list[list[Node]]) -> Mapping[Node, float]:
    """How far down each node stands, from 0 to 1, in the middle where it is alone."""
    return {node: (place + 0.5) / len(layer) for layer in found for place, node in enumerate(layer)}


def _by_barycentre(
    layer: list[Node], beside: Mapping[Node, list[Node]], heights: Mapping[Node, float]
) -> list[Node]:
    def barycentre(node: Node) -> float:
        of = [heights[one] for one in beside[node]]
        return sum(of) / len(of) if of else heights[node]

    return sorted(layer, key=barycentre)
