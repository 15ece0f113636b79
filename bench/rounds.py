"""The cases, and a round of one: each side does it once, from the same start, and all write the same rows."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.cases.landing import Landing, lay_out
from bench.measure import Cost, measured
from bench.rows import content
from bench.sides import PEERS, SIDES, Work
from bench.submit import MEMORY, OUT, ROOT, files_of

PLACE = OUT / "cases"


@dataclass(frozen=True, slots=True)
class Case:
    """Work that all sides can do."""

    name: str
    title: str
    format: str = "parquet"
    tables: tuple[str, ...] = ()
    select: str = ""
    again: bool = False
    """Whether it is run twice, and the second one, which finds nothing to do, is measured."""

    @property
    def written(self) -> tuple[str, ...]:
        """The tables that it writes."""
        return self.tables or (self.name,)


CASES = (
    Case("tiny", "25 rows: what a run costs at least"),
    Case("ingest", "CSV to partitioned Parquet, typed"),
    Case("contract", "the same, with 10 rules and 5 aggregates; by hand without"),
    Case("flights", "a year of flights in CSV, 336,776 of them, grouped"),
    Case("aggregate", "join and group"),
    Case(
        "pipeline",
        "five tables, four of one CSV source",
        tables=("by_priority", "by_status", "by_clerk", "by_month", "by_year"),
        select="tag:pipeline",
    ),
    Case("append", "append a quarter to a Delta table", "delta"),
    Case("partitions", "overwrite one of seven partitions"),
    Case("merge", "merge 1 % into a Delta table", "delta"),
    Case(
        "noop",
        "run again, with nothing new; by hand all over",
        tables=("ingest",),
        select="ingest",
        again=True,
    ),
)

Round = Mapping[str, Cost]
"""What each side cost, one after the other."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Who is compared beside sparkjobs and by hand, and the memory of each driver."""

    peers: tuple[str, ...] = PEERS
    memory: str = MEMORY

    def sides(self, case: Case) -> tuple[str, ...]:
        """Who does `case`."""
        return ("by_hand", "sparkjobs", *(one for one in self.peers if case.name in SIDES[one].cases))


def prepare(case: Case, landing: Landing, terms: Terms) -> None:
    """Make the tables that the measured runs begin with, on each side, and keep them."""
    shutil.rmtree(_place(case), ignore_errors=True)
    if landing.before:
        lay_out(landing, landing.before, ())
    for side in terms.sides(case):
        folder = _place(case, side)
        folder.mkdir(parents=True)
        if landing.before or (case.again and side == "sparkjobs") or SIDES[side].before:
            run_side(case, side, landing, terms)
        shutil.copytree(folder, _place(case, f"{side}.kept"))
    if landing.after:
        lay_out(landing, landing.after, landing.before)


def run_round(case: Case, landing: Landing, terms: Terms, number: int) -> Round:
    """Each side once, from what was prepared; who begins changes with `number`.

    Raises:
        ValueError: they have written different rows.
    """
    costs = {}
    sides = terms.sides(case)
    for side in sides if number % 2 == 0 else reversed(sides):
        folder = _place(case, side)
        shutil.rmtree(folder)
        shutil.copytree(_place(case, f"{side}.kept"), folder)
        costs[side] = run_side(case, side, landing, terms)
    for name in case.written:
        wanted = content(files_of(_place(case, "by_hand") / name, case.format))
        for side in sides:
            if (found := content(files_of(_place(case, side) / name, case.format))) != wanted:
                raise ValueError(f"{case.name}: by {side}, {name} holds {found}; by hand, {wanted}")
    return costs


def run_side(case: Case, side: str, landing: Landing, terms: Terms) -> Cost:
    """One run of one side.

    Raises:
        ValueError: its JVM had other memory than it was to have.
    """
    folder = _place(case, side)
    name = case.select if case.again else case.name
    work = Work(name, landing.folder, folder, case.format == "delta", case.select, terms.memory)
    start = SIDES[side].start(work)
    cost = measured(start.command, ROOT, start.environment, log := folder / "log.txt")
    told = log.read_text(encoding="utf-8")
    if "Spark Command:" in told and f" -Xmx{terms.memory} " not in told:
        raise ValueError(f"{case.name}: by {side}: not with {terms.memory}; {log} tells of its JVM")
    return cost


def _place(case: Case, *inside: str) -> Path:
    return PLACE.joinpath(case.name, *inside)
