"""What a run shows: live progress on a terminal, plain lines elsewhere, and the final table."""

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from sparkjobs.plan import RunPlan
from sparkjobs.plan.explain import shown
from sparkjobs.record import Event
from sparkjobs.results import JobResult, RunResult

_STYLE = {
    "success": "green",
    "no-op": "dim",
    "fail": "bold red",
    "error": "bold red",
    "skipped": "yellow",
}


class Progress:
    """Shows events on stderr: a live list of jobs on a terminal, one line per event elsewhere."""

    def __init__(self, plan: RunPlan) -> None:
        self._console = Console(stderr=True)
        self._jobs = {job.name: "waits" if job.runs else "up to date" for job in plan.jobs}
        self._live = (
            Live(console=self._console, refresh_per_second=4, transient=True)
            if self._console.is_terminal
            else None
        )

    def __enter__(self) -> Self:
        if self._live:
            self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live:
            self._live.__exit__(kind, error, trace)

    def show(self, event: Event) -> None:
        """Show one event."""
        if event.job is not None:
            self._jobs[event.job] = _told(event)
        if self._live:
            table = Table.grid(padding=(0, 2))
            for job, told in self._jobs.items():
                table.add_row(job, told)
            self._live.update(table)
        elif event.job is not None and event.name != "step":
            print(f"{event.time[11:19]} {event.job}: {_told(event)}", file=sys.stderr, flush=True)  # noqa: T201 (the display)


def results_table(plan: RunPlan, result: RunResult) -> str:
    """The final table: job, status, rows read, quarantined and published, seconds, table."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("job", "status", "read", "quarantined", "published", "seconds", "table"):
        table.add_column(
            heading,
            justify="left" if heading in ("job", "status", "table") else "right",
            no_wrap=True,
        )
    for planned, job in zip(plan.jobs, result.jobs, strict=True):
        table.add_row(
            job.job,
            Text(job.status, style=_STYLE[job.status]),
            *_rows(job),
            f"{job.seconds:.1f}" if job.ledgers or job.published else "",
            shown(planned.table, plan.root),
        )
    console = Console(width=None if sys.stdout.isatty() else 160)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def _rows(job: JobResult) -> tuple[str, str, str]:
    if not job.ledgers:
        return "", "", ""
    read = sum(one.read for one in job.ledgers)
    quarantined = sum(one.quarantined for one in job.ledgers)
    return f"{read:,}", f"{quarantined:,}", f"{job.published.rows:,}" if job.published else ""


def _told(event: Event) -> str:
    facts = event.facts
    match event.name:
        case "job_started":
            return f"runs: {facts['why']}"
        case "step":
            return f"{facts['step']} …"
        case "job_ended" if facts["status"] in ("success", "no-op"):
            return (
                f"{facts['status']}, {facts['seconds']:.1f} s"
                if facts["status"] == "success"
                else "up to date"
            )
        case "job_ended":
            return f"{facts['status']}: {str(facts['message']).splitlines()[0]}"
        case _:
            return event.name
