"""What a run shows: live progress on a terminal, plain lines elsewhere, and the final table."""

import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from sparkjobs.plan import RunPlan
from sparkjobs.plan.explain import shown
from sparkjobs.record import Event
from sparkjobs.results import JobResult, PastRun, RunResult

if TYPE_CHECKING:
    from sparkjobs.freshness import Age
    from sparkjobs.optimize import Optimized

_STYLE = {
    "success": "green",
    "no-op": "dim",
    "fail": "bold red",
    "error": "bold red",
    "skipped": "yellow",
}
_NUMBERS = ("read", "quarantined", "published", "seconds")
_NEWEST = 20
"""Runs of a job that its history shows."""


@dataclass(frozen=True, slots=True)
class _Line:
    """How a job stands, as the display tells it."""

    told: str
    rows: str = ""
    started: float | None = None
    seconds: float | None = None

    def elapsed(self) -> str:
        """Seconds it took, or has taken until now."""
        if self.seconds is None and self.started is None:
            return ""
        return f"{self.seconds if self.seconds is not None else time.monotonic() - (self.started or 0):.1f} s"


class Progress:
    """Shows events on stderr: a live list of jobs on a terminal, one line per event elsewhere."""

    def __init__(self, plan: RunPlan) -> None:
        self._lines = {job.name: _Line("waits" if job.runs else "up to date") for job in plan.jobs}
        console = Console(stderr=True)
        self._live = (
            Live(console=console, get_renderable=self._drawn, refresh_per_second=4, transient=True)
            if console.is_terminal
            else None
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def show(self, event: Event) -> None:
        """Show one event."""
        if event.job is None:
            if event.name == "warning":
                print(f"warning  {event.facts['message']}", file=sys.stderr, flush=True)  # noqa: T201 (the display)
            if self._live and event.name == "run_started":  # by then the JVM has said what it says
                self._live.start()
            return
        line = replace(self._lines[event.job], told=_told(event))
        if event.name == "job_started":
            line = replace(line, started=time.monotonic())
        if event.name == "job_ended" and line.started is not None:
            line = replace(line, seconds=time.monotonic() - line.started, rows=_rows_told(event))
        self._lines[event.job] = line
        if self._live is None and event.name != "step":
            elapsed = line.elapsed() if line.seconds is not None else ""
            text = "  ".join(part for part in (line.told, line.rows, elapsed) if part)
            print(f"{event.time[11:19]} {event.job}: {text}", file=sys.stderr, flush=True)  # noqa: T201 (the display)

    def _drawn(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for job, line in self._lines.items():
            table.add_row(job, Text(line.told), line.rows, line.elapsed())
        return table


def results_table(plan: RunPlan, result: RunResult) -> str:
    """The final table: job, status, rows read, quarantined and published, seconds, table."""
    rows = [
        (
            job.job,
            Text(job.status, style=_STYLE[job.status]),
            *_rows(job),
            f"{job.seconds:.1f}" if job.ledgers or job.published else "",
            shown(planned.table, plan.root),
        )
        for planned, job in zip(plan.jobs, result.jobs, strict=True)
    ]
    headings = ("job", "status", "read", "quarantined", "published", "seconds", "table")
    return table_of(headings, rows, right=_NUMBERS)


def advice_lines(result: RunResult) -> list[str]:
    """What the figures of a run advise, one line each."""
    return [
        f"advice  {job.job}: {one.kind}: {one.text}: {one.remedy}"
        for job in result.jobs
        for one in job.advice
    ]


def table_of(headings: Sequence[str], rows: Iterable[Sequence[str | Text]], right: Sequence[str]) -> str:
    """A table for people; the columns of numbers stand to the `right`."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    console = Console(width=None if sys.stdout.isatty() else 160)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def history_table(runs: Mapping[str, tuple[PastRun, ...]], jobs: Sequence[str]) -> str:
    """The newest runs of each of `jobs`, and how many older ones there are."""
    headings = ("job", "run", "started", "status", "read", "quarantined", "published", "seconds", "checks")
    rows: list[tuple[str | Text, ...]] = []
    for job in jobs:
        past = runs.get(job, ())
        if len(past) > _NEWEST:
            rows.append((job, f"… {len(past) - _NEWEST:,} older"))
        rows += [_past(one) for one in past[-_NEWEST:]] or [(job, "never recorded")]
    return table_of(headings, rows, right=_NUMBERS)


def _past(one: PastRun) -> tuple[str | Text, ...]:
    checks = Counter(status for _, status in one.checks)
    return (
        one.job,
        one.run_id,
        _moment(one.started),
        Text(one.status, style=_STYLE.get(one.status, "")),
        f"{one.read:,}",
        f"{one.quarantined:,}",
        "" if one.published is None else f"{one.published:,}",
        f"{one.seconds:.1f}",
        ", ".join(f"{count} {status}" for status, count in checks.items()),
    )


def freshness_table(ages: "Iterable[Age]") -> str:
    """How old tables are, and whether that is too old."""
    return table_of(
        ("job", "last published", "newest data", "max age", "verdict"),
        (
            (
                one.job,
                _moment(one.published),
                _moment(one.newest),
                _span(one.wanted.max_age) if one.wanted else "",
                Text(one.verdict, style="bold red" if one.fails else ""),
            )
            for one in ages
        ),
        right=(),
    )


def optimized_table(tables: "Iterable[Optimized]") -> str:
    """How many files tables lie in, and in how many they lay before."""
    return table_of(("job", "files", "size", ""), map(_optimized, tables), right=("files", "size"))


def _optimized(one: "Optimized") -> tuple[str, ...]:
    if one.before is None or one.after is None:
        return one.job, "", "", "never published"
    counts, sizes = f"{one.after.files:,}", f"{one.after.size / 1e6:,.1f} MB"
    if one.before == one.after:
        return one.job, counts, sizes, "nothing to put together"
    return one.job, f"{one.before.files:,} → {counts}", f"{one.before.size / 1e6:,.1f} → {sizes}", ""


def _moment(when: datetime | None) -> str:
    """To the second, in UTC."""
    return "" if when is None else f"{when:%Y-%m-%d %H:%M:%S}"


def _span(span: timedelta) -> str:
    hours, rest = divmod(span.seconds, 3600)
    parts = ((span.days, "d"), (hours, "h"), (rest // 60, "m"), (rest % 60, "s"))
    return " ".join(f"{count}{unit}" for count, unit in parts if count)


def _rows(job: JobResult) -> tuple[str, str, str]:
    if not job.ledgers:
        return "", "", ""
    read = sum(one.read for one in job.ledgers)
    quarantined = sum(one.quarantined for one in job.ledgers)
    return f"{read:,}", f"{quarantined:,}", f"{job.published.rows:,}" if job.published else ""


def _told(event: Event) -> str:
    match event.name:
        case "job_started":
            return f"runs: {event.facts['why']}"
        case "retry":
            return f"tries again in {event.facts['wait_s']:g} s, after: {event.facts['after']}"
        case "optimized":
            return f"its table's files put together, {event.facts['before']:,} into {event.facts['after']:,}"
        case "warning":
            return f"warning: {event.facts['message']}"
        case "step":
            return f"{event.facts['step']} …"
        case _ if event.facts["status"] == "success":
            return "success"
        case _ if event.facts["status"] == "no-op":
            return str(event.facts["message"])
        case _:
            return f"{event.facts['status']}: {str(event.facts['message']).splitlines()[0]}"


def _rows_told(event: Event) -> str:
    read, published = event.facts["read"], event.facts["published"]
    return "" if published is None else f"{read:,} rows read, {published:,} published"
