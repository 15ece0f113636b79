"""Tell what of each input a job's scans would read, and by which filters."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap

from sparkjobs.config.sources import DeltaSource
from sparkjobs.figures import Scan
from sparkjobs.plan.model import PlannedInput, SourceInput, TableInput

_WIDTH = 100
_EDGE = 9
_WORD = 20
"""Room for what a line tells of."""


@dataclass(frozen=True, slots=True)
class Scans:
    """What is known of the scans of one job."""

    found: tuple[Scan, ...] = ()
    now: frozenset[str] = frozenset()
    """Inputs that a job before it will have changed: they were looked at as they are now."""
    unknown: str | None = None
    """Why nothing is known."""


def reads(one: PlannedInput, place: str, root: Path) -> bool:
    """Whether a scan of `place` reads the input `one` of a project at `root`."""
    path = Path(place)
    if isinstance(one, TableInput):
        return path.is_relative_to(one.path)
    if isinstance(one.conf, DeltaSource):
        return path.is_relative_to(one.conf.path)
    return any(root / file.path == path for file in one.files)


def told(one: PlannedInput, scans: Scans, root: Path) -> Iterator[str]:
    """Lines about the scans of the input `one`."""
    if scans.unknown is not None:
        return
    found = [scan for scan in scans.found if reads(one, scan.path, root)]
    if not found:
        yield from _line("reads", "nothing: the function does not ask for its rows")
    for scan in found:
        yield from _line("reads", _extent(scan) + _why(one, scans))
        if scan.partition_by:
            yield from _line("partition filters", "; ".join(scan.partition_filters) or "none")
        yield from _line("pushed filters", "; ".join(scan.pushed_filters) or "none")
        yield from _line("data filters", "; ".join(scan.data_filters) or "none")


def _extent(scan: Scan) -> str:
    by = f" by {', '.join(scan.partition_by)}" if scan.partition_by else ""
    partitions = f"{_count(scan.partitions, 'partition')}{by}, " if by else ""
    late = any(
        "subquery(" in one for one in scan.partition_filters
    )  # as Spark's SQL tells what it asks first
    return f"{'at most ' if late else ''}{partitions}{_count(scan.files, 'file')}"


def _why(one: PlannedInput, scans: Scans) -> str:
    if isinstance(one, TableInput) and one.name in scans.now:
        return f", as of now, before {one.job} runs"
    if isinstance(one, SourceInput) or one.part is not None:
        return ", every row: the ledger counts them"
    return ""


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _line(heading: str, text: str) -> list[str]:
    start = " " * _EDGE
    return wrap(
        text,
        _WIDTH,
        initial_indent=start + heading.ljust(_WORD),
        subsequent_indent=start + " " * _WORD,
        break_on_hyphens=False,
    )
