"""A picture as inline SVG: boxes in layers from left to right. It holds numbers and escaped text only."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

from sparkjobs.lineage.layout import layers
from sparkjobs.lineage.model import Node
from sparkjobs.lineage.picture import ROWS, Arrow, Box, Picture, readers

_LINE: Final = 20
"""The height of a line of text."""
_LETTER: Final = 7.4
"""The width of one letter, about."""
_LONGEST: Final = 32
"""Letters of a name that are shown; its title has all."""
_PAD, _BETWEEN, _BELOW = 10, 70, 18


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where a box stands."""

    box: Box
    x: float
    y: float
    width: float

    @property
    def height(self) -> float:
        """Of all its lines."""
        return _LINE * (1 + len(self.box.lines) + self.box.has_rows) + _PAD

    def middle(self, column: str) -> float:
        """How far down the line of `column` is; of no column that of its rows, or else the head."""
        lines = self.box.lines
        place = lines.index(column) + 1 if column else (len(lines) + 1) * self.box.has_rows
        return self.line(place)

    def line(self, place: int) -> float:
        """How far down its line number `place` is; the head is 0."""
        return self.y + _PAD / 2 + _LINE * (place + 0.5)


def drawn(picture: Picture) -> Markup:
    """`picture` as SVG; each box leads to the anchor of its table."""
    frames = _framed(picture)
    width = max((one.x + one.width for one in frames.values()), default=0) + _PAD
    height = max((one.y + one.height for one in frames.values()), default=0) + _PAD
    arrows = "".join(f'<path class="{one.how}" d="{_curve(frames, one)}"/>' for one in picture.arrows)
    boxes = "".join("".join(_boxed(frame)) for frame in frames.values())
    words = f"{len(picture.boxes)} tables and what they are made of"
    return Markup(  # noqa: S704 (every name is escaped)
        f'<svg class="lineage" role="img" aria-label="{words}" width="{width:.0f}" height="{height:.0f}"'
        f' viewBox="0 0 {width:.0f} {height:.0f}">{arrows}{boxes}</svg>'
    )


def anchor(node: Node) -> str:
    """Where a page tells of a table."""
    return f"{node.kind}-{node.name}"


def _framed(picture: Picture) -> Mapping[Node, _Frame]:
    boxes = {box.node: box for box in picture.boxes}
    found: dict[Node, _Frame] = {}
    x = float(_PAD)
    for layer in layers(tuple(boxes), readers(picture)):
        width = max(_width(boxes[node]) for node in layer)
        y = float(_PAD)
        for node in layer:
            found[node] = _Frame(boxes[node], x, y, width)
            y += found[node].height + _BELOW
        x += width + _BETWEEN
    return found


def _width(box: Box) -> float:
    longest = max(len(_short(one)) for one in (box.node.name, *box.lines, ROWS if box.has_rows else ""))
    return longest * _LETTER + 2 * _PAD


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _boxed(frame: _Frame) -> Iterator[str]:
    box, x, size = frame.box, frame.x, f'width="{frame.width:.1f}" height="{frame.height:.1f}"'
    yield f'<a href="#{escape(anchor(box.node))}"><g class="{box.node.kind}">'
    yield f"<title>{escape(box.node.kind)} {escape(box.node.name)}</title>"
    yield f'<rect x="{x:.1f}" y="{frame.y:.1f}" {size} rx="5"/>'
    yield _text(x, frame.line(0), box.node.name, "head")
    for place, name in enumerate(box.lines):
        yield _text(x, frame.line(place + 1), name, "line")
    if box.has_rows:
        yield _text(x, frame.middle(""), ROWS, "rows")
    yield "</g></a>"


def _text(x: float, y: float, text: str, kind: str) -> str:
    title = f"<title>{escape(text)}</title>" if _short(text) != text else ""
    return f'<text class="{kind}" x="{x + _PAD:.1f}" y="{y + 4.5:.1f}">{escape(_short(text))}{title}</text>'


def _curve(frames: Mapping[Node, _Frame], arrow: Arrow) -> str:
    one, other = frames[arrow.start.node], frames[arrow.end.node]
    x, y = one.x + one.width, one.middle(arrow.start.column)
    to, at = other.x, other.middle(arrow.end.column)
    bend = max((to - x) / 2, 20)
    return f"M{x:.1f},{y:.1f} C{x + bend:.1f},{y:.1f} {to - bend:.1f},{at:.1f} {to:.1f},{at:.1f}"
