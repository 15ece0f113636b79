"""More rows: what the cases cost over TPC-H's scale factors, in a driver of always the same memory.

What runs out of memory fails, and so does the measurement.
"""

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import linear_regression, median

from bench import rounds as cases
from bench.cases.landing import generated, landing_of
from bench.parts import Told
from bench.sides import SIDES
from bench.submit import OUT
from bench.tables import markdown

CASES = ("ingest", "contract", "aggregate", "pipeline")
IDLE = "tiny"
"""What a run costs that has nothing to do; of others the rest grows."""


@dataclass(frozen=True, slots=True)
class Point:
    """One run of one side."""

    case: str
    side: str
    scale: float
    cpu_s: float
    wall_s: float


@dataclass(frozen=True, slots=True)
class Line:
    """What one side's work of one case costs beyond an idle run, by scale; the median of its runs."""

    case: str
    side: str
    cpu_s: dict[float, float]
    """Of whole runs."""
    beyond_s: dict[float, float]

    @property
    def exponent(self) -> float | None:
        """Of the power of the scale that fits best: 1 where twice the rows cost twice as much."""
        points = [(math.log(scale), math.log(cpu)) for scale, cpu in self.beyond_s.items() if cpu > 0]
        return linear_regression(*zip(*points, strict=True)).slope if len(points) > 1 else None

    @property
    def ratio(self) -> float | None:
        """CPU at the largest scale, of what it would be had whole runs grown as rows did since the last."""
        *_, before, last = (None, *sorted(self.cpu_s))
        return self.cpu_s[last] / self.cpu_s[before] / (last / before) if before else None


def measure(scales: Sequence[float], chosen: Sequence[str], rounds: int, memory: str) -> Told:
    """Ours and by hand."""
    points: list[Point] = []
    for scale in sorted(scales):
        for point in _points(scale, (IDLE, *chosen), rounds, memory):
            print(
                f"SF{scale:g}: {point.case}: {point.side}: {point.cpu_s:.1f} CPU s",
                file=sys.stderr,
                flush=True,
            )
            points.append(point)
    return Told(tuple(map(asdict, points)), _table(lines(points), sorted(scales)))


def _points(scale: float, chosen: Sequence[str], rounds: int, memory: str) -> Iterator[Point]:
    terms = cases.Terms((), memory)
    data = generated(OUT.parent / "bench-data" / f"cases-sf{scale:g}", scale)
    for case in (one for one in cases.CASES if one.name in chosen):
        landing = landing_of(case.name, data)
        cases.prepare(case, landing, terms)
        for number in range(rounds):
            for side, cost in cases.run_round(case, landing, terms, number).items():
                yield Point(case.name, side, scale, cost.cpu_s, cost.wall_s)


def lines(points: Sequence[Point]) -> tuple[Line, ...]:
    """A line for each case and side, in the order of `points`."""
    return tuple(
        Line(
            case,
            side,
            found := _medians(points, case, side),
            {scale: cpu - idle for scale, cpu in found.items()},
        )
        for case, side in dict.fromkeys((one.case, one.side) for one in points)
        if case != IDLE
        for idle in (median(_medians(points, IDLE, side).values()),)
    )


def _medians(points: Sequence[Point], case: str, side: str) -> dict[float, float]:
    own = [one for one in points if (one.case, one.side) == (case, side)]
    return {
        scale: median(one.cpu_s for one in own if one.scale == scale)
        for scale in sorted({one.scale for one in own})
    }


def _table(found: Sequence[Line], scales: Sequence[float]) -> str:
    head = (
        *("CPU seconds", "", *(f"SF{scale:g}" for scale in scales)),
        *("the last two, by rows", "exponent beyond an idle run"),
    )
    lines = (
        (
            *(one.case, SIDES[one.side].title, *(f"{one.cpu_s[scale]:.1f}" for scale in scales)),
            *("" if value is None else f"{value:.2f}" for value in (one.ratio, one.exponent)),
        )
        for one in found
    )
    return markdown(head, lines)
