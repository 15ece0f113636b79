"""Small charts as inline SVG. They hold numbers and escaped text only, and say in words what they draw."""

from collections.abc import Sequence
from math import isfinite
from typing import Final

from markupsafe import Markup, escape

_WIDTH, _HEIGHT, _EDGE = 120, 28, 3
_STEP, _BAR, _HIGH = 8, 6, 12
_HEIGHTS: Final = {"fail": _HIGH, "error": _HIGH, "success": 8, "skipped": 5}
_LOW: Final = 2
"""Of a run that found nothing to do; height tells what colour tells."""
_RANKS: Final = ("least", "5 %", "25 %", "median", "75 %", "95 %", "greatest")


def line(values: Sequence[float], label: str) -> Markup:
    """The course of a figure from run to run, the newest last and marked."""
    if not values:
        return Markup("")
    low, high = min(values), max(values)
    across = (_WIDTH - 2 * _EDGE) / max(len(values) - 1, 1)
    up = (_HEIGHT - 2 * _EDGE) / (high - low) if high > low else 0
    foot = _HEIGHT - _EDGE if high > low else _HEIGHT / 2
    points = [(_EDGE + place * across, foot - (value - low) * up) for place, value in enumerate(values)]
    drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    words = f"{label}: {now_and_range(values)} in {len(values)} runs"
    return _svg(
        _WIDTH, _HEIGHT, words, f'<polyline points="{drawn}"/><circle cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>'
    )


def strip(statuses: Sequence[tuple[str, str]]) -> Markup:
    """One bar per run, the newest last: its status by height and colour, and what is said of it."""
    bars = "".join(
        f'<rect class="{escape(status)}" x="{place * _STEP}" width="{_BAR}"'
        f' y="{_HIGH - _HEIGHTS.get(status, _LOW)}" height="{_HEIGHTS.get(status, _LOW)}">'
        f"<title>{escape(told)}</title></rect>"
        for place, (status, told) in enumerate(statuses)
    )
    words = ", ".join(status for status, _ in statuses)
    return _svg(max(len(statuses), 1) * _STEP, _HIGH, f"runs, oldest first: {words}", bars)


def bar(share: float, label: str) -> Markup:
    """A share of a whole; the least that is not nothing can still be seen."""
    full = 60
    width = max(share * full, 1) if share > 0 else 0
    drawn = (
        f'<rect class="whole" width="{full}" height="6" y="1"/><rect width="{width:.1f}" height="6" y="1"/>'
    )
    return _svg(full, 8, label, drawn)


def spread(quantiles: Sequence[float | None]) -> Markup:
    """Between which values lie all, nine tenths and half of them, and the middle one: seven quantiles."""
    known = [one for one in quantiles if one is not None]
    if len(known) < len(_RANKS) or not known[-1] > known[0] or not isfinite(known[-1] - known[0]):
        return Markup("")
    across = (_WIDTH - 2 * _EDGE) / (known[-1] - known[0])
    least, low, left, middle, right, high, most = (_EDGE + (one - known[0]) * across for one in known)
    words = ", ".join(f"{rank} {_told(one)}" for rank, one in zip(_RANKS, known, strict=True))
    half = max(right - left, 1)
    return _svg(
        _WIDTH,
        12,
        words,
        f'<polyline points="{least:.1f},6 {most:.1f},6"/><polyline points="{low:.1f},3 {low:.1f},9"/>'
        f'<polyline points="{high:.1f},3 {high:.1f},9"/>'
        f'<rect x="{left:.1f}" y="3" width="{half:.1f}" height="6"/>'
        f'<rect class="middle" x="{middle - 1:.1f}" y="1" width="2" height="10"/>',
    )


def now_and_range(values: Sequence[float]) -> str:
    """The newest figure, and between which all lie."""
    return f"{_told(values[-1])} now, {_told(min(values))} to {_told(max(values))}" if values else "none"


def _svg(width: int, height: int, label: str, drawn: str) -> Markup:
    return Markup(  # noqa: S704 (numbers, and text that is escaped)
        f'<svg role="img" aria-label="{escape(label)}" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}"><title>{escape(label)}</title>{drawn}</svg>'
    )


def _told(value: float) -> str:
    exact = value == int(value) and abs(value) < 1e15  # noqa: PLR2004 (what a float holds to the digit)
    return f"{value:,.0f}" if exact else f"{value:,.4g}"
