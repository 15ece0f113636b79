"""The graph as inline SVG: every table a link that says its name, kind and status in words too."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

from sparkjobs.docs.model import Entry
from sparkjobs.lineage import Node
from sparkjobs.lineage.drawing import anchor
from sparkjobs.lineage.layout import Layout, Route, laid_out

_GAP: Final = 60
_EDGE: Final = 8
_LETTER: Final = 9
_AROUND: Final = 48
"""What a box holds beside its name."""
_MANY: Final = 60
"""Tables; more of them are drawn smaller, without a second line."""
_NARROWEST: Final = 12
_WIDEST: Final = 30
"""Letters of a name that are shown; the title has them all."""


@dataclass(frozen=True, slots=True)
class _Size:
    """Of a box and the icon in it, and how far the next row is from it."""

    wide: int
    high: int
    row: int
    icon: int

    def x(self, layer: int) -> int:
        return _EDGE + layer * (self.wide + _GAP)

    def y(self, row: float) -> float:
        return _EDGE + row * self.row


def whole(entries: Sequence[Entry], edges: Iterable[tuple[Node, Node]]) -> Markup:
    """The graph of all tables."""
    return drawn({one.node: one for one in entries}, edges, "The graph of sources, views and jobs")


def around(entry: Entry, entries: Mapping[Node, Entry], most: int = 8) -> Markup:
    """What one table reads, and what reads it; of each at most so many."""
    reads = tuple(dict.fromkeys(one.node for one in entry.inputs))[:most]
    readers = entry.readers[:most]
    if not reads and not readers:
        return Markup("")
    near = {node: entries[node] for node in dict.fromkeys((*reads, entry.node, *readers))}
    edges = (*((one, entry.node) for one in reads), *((entry.node, one) for one in readers))
    return drawn(near, edges, f"What {entry.node.name} reads, and what reads it", entry.node)


def drawn(
    entries: Mapping[Node, Entry], edges: Iterable[tuple[Node, Node]], label: str, here: Node | None = None
) -> Markup:
    """A drawing of these tables, each after those it reads, and of the edges between them."""
    layout = laid_out(tuple(entries), edges)
    letters = max((len(node.name) for node in entries), default=0)
    wide = min(max(letters, _NARROWEST), _WIDEST) * _LETTER + _AROUND
    size = _Size(wide, 26, 34, 16) if len(entries) > _MANY else _Size(wide, 40, 52, 18)
    width = size.x(max(layout.layers, 1)) - _GAP + _EDGE
    height = round(size.y(max(layout.rows, 1)) - size.row + size.high + _EDGE)
    reads: dict[Node, list[str]] = {}
    for route in layout.routes:
        reads.setdefault(route.end, []).append(route.start.name)
    parts = (
        *(_edge(route, size) for route in layout.routes),
        *_boxes(layout, entries, size, reads, here),
    )
    return Markup(
        '<svg class="graph" role="group" aria-label="{}" width="{}" height="{}" viewBox="0 0 {} {}">{}</svg>'
    ).format(label, width, height, width, height, Markup("").join(parts))


def _boxes(
    layout: Layout,
    entries: Mapping[Node, Entry],
    size: _Size,
    reads: Mapping[Node, Sequence[str]],
    here: Node | None,
) -> Iterator[Markup]:
    """The tables, from left to right and from top to bottom: the order in which they are reached by key."""
    for spot in sorted(layout.spots, key=lambda one: (one.layer, one.row)):
        entry, node = entries[spot.node], spot.node
        status = f", {entry.status}" if entry.status else ""
        made = f", reads {', '.join(reads[node])}" if node in reads else ""
        current = Markup(' aria-current="true"') if node == here else ""
        yield Markup(
            '<a class="node {} {}" href="#{}" data-node="{}" aria-label="{}"{} transform="translate({} {})">'
            '<title>{}</title><rect class="box" width="{}" height="{}" rx="{}"/>'
            '<svg class="icon" x="{}" y="{}" width="{}" height="{}"><use href="#icon-{}"/></svg>'
            '<text class="name" x="36" y="18">{}</text>{}</a>'
        ).format(
            *(node.kind, css(entry.status), anchor(node), anchor(node)),
            *(f"{node.kind} {node.name}{status}{made}", current),
            *(size.x(spot.layer), f"{size.y(spot.row):.1f}", f"{node.name}{status}"),
            *(size.wide, size.high, size.high // 2 if node.kind == "source" else 6),
            *(10, (size.high - size.icon) // 2, size.icon, size.icon, icon_of(entry)),
            *(_short(node.name), "" if len(entries) > _MANY else _second(entry)),
        )


def icon_of(entry: Entry) -> str:
    """The name of the picture that stands for the status of a job, or for what is none."""
    return css(entry.status) or entry.node.kind


def css(status: str) -> str:
    """A status as the name of a class."""
    return status.replace(" ", "-")


def _second(entry: Entry) -> Markup:
    return Markup('<text class="kind" x="36" y="32">{}</text>').format(_kind(entry))


def _kind(entry: Entry) -> str:
    told = dict(entry.facts)
    match entry.node.kind:
        case "source":
            return f"source · {told.get('format', '')}"
        case "view":
            return "view"
        case "job":
            return entry.status or "job"


def _edge(route: Route, size: _Size) -> Markup:
    """A curve from the right of one box to the left of another, straight through the layers between."""
    (layer, row), *rest = route.points
    x, y = size.x(layer) + size.wide, size.y(row) + size.high / 2
    parts = [f"M{x} {y:.1f}"]
    for index, (layer, row) in enumerate(rest):
        left, level = size.x(layer), size.y(row) + size.high / 2
        bend = (left - x) / 2
        parts.append(f"C{x + bend:.0f} {y:.1f} {left - bend:.0f} {level:.1f} {left} {level:.1f}")
        x, y = left, level
        if index < len(rest) - 1:
            x += size.wide
            parts.append(f"H{x}")
    return Markup('<path class="edge" data-from="{}" data-to="{}" d="{}"/>').format(
        anchor(route.start), anchor(route.end), escape("".join(parts))
    )


def _short(name: str) -> str:
    return name if len(name) <= _WIDEST else f"{name[: _WIDEST - 1]}…"
