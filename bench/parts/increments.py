"""An older table: many runs, each of which appends what has arrived."""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean

import pyarrow.parquet as pq
from deltalake import write_deltalake

from bench.measure import Cost, measured
from bench.parts import GROWTH, PROJECT, Told
from bench.parts.arrivals import batch
from bench.rows import content
from bench.submit import ROOT, environment, files_of, sets, submitted
from bench.tables import markdown

JOBS = ("files_delta", "files_parquet", "version_delta", "version_parquet")
"""How news is found, and the format of the table."""
ROWS = 1000
ENDS = 5
"""Runs at either end whose mean is compared; of less than twice as many, half."""


@dataclass(frozen=True, slots=True)
class Series:
    """The runs of one job, one after the other."""

    job: str
    optimize_after: int | None
    runs: tuple[Cost, ...]
    live_files: int
    """Of the table, after the last run."""

    @property
    def _ends(self) -> int:
        return max(1, min(ENDS, len(self.runs) // 2))

    @property
    def first_s(self) -> float:
        """CPU of a run at the beginning."""
        return mean(one.cpu_s for one in self.runs[: self._ends])

    @property
    def last_s(self) -> float:
        """CPU of a run at the end."""
        return mean(one.cpu_s for one in self.runs[-self._ends :])


def measure(number: int, jobs: Sequence[str], optimize_after: int | None, memory: str) -> Told:
    """`number` runs of each job."""
    found = [_series(job, number, optimize_after, memory) for job in jobs]
    head = (
        "CPU seconds",
        "runs",
        "mean of the first",
        "of the last",
        "last by first",
        "live files",
    )
    lines = (
        (
            *(one.job.replace("_", ", "), str(len(one.runs)), f"{one.first_s:.1f}", f"{one.last_s:.1f}"),
            *(f"**{one.last_s / one.first_s:.2f}**", str(one.live_files)),
        )
        for one in found
    )
    return Told(tuple(map(asdict, found)), markdown(head, lines))


def _series(job: str, number: int, optimize_after: int | None, memory: str) -> Series:
    by, _, kind = job.partition("_")
    place = GROWTH / "increments" / job
    shutil.rmtree(place, ignore_errors=True)
    (place / "landing" / "arrived").mkdir(parents=True)
    options = ["--project", str(PROJECT), *sets(place / "landing", place)]
    if optimize_after:
        options += ["--set", f"jobs.{job}.output.optimize.after={optimize_after}"]
    command = submitted("main.py", "run", job, *options, memory=memory)
    runs = []
    for count in range(number):
        _arrive(by, count, place / "landing")
        runs.append(cost := measured(command, ROOT, environment(), place / "log.txt"))
        print(f"{job}: run {count + 1}: {cost.cpu_s:.1f} CPU s", file=sys.stderr, flush=True)
    live = files_of(place / job, kind)
    if (rows := content(live).rows) != number * ROWS:
        raise ValueError(f"{job}: after {number} runs its table holds {rows} rows")
    return Series(job, optimize_after, tuple(runs), len(live))


def _arrive(by: str, count: int, landing: Path) -> None:
    """One more file, or one more version."""
    if by == "version":
        write_deltalake(landing / "changes", batch(count, ROWS), mode="append")
    else:
        pq.write_table(batch(count, ROWS), landing / "arrived" / f"{count:04}.parquet")
