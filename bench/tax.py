"""What sparkjobs costs beside scripts in plain PySpark: `python -m bench.tax --scale 1 --rounds 5`.

In a round each case runs once by either side, in processes of their own, one right after the other; who
begins changes from round to round. A pair counts only if both have written the same rows.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench.cases.landing import Landing, generated, landing_of, lay_out
from bench.measure import Cost, adopt_orphans, measured
from bench.rows import content
from bench.submit import OUT, ROOT, environment, files_of, submitted

PLACE = OUT / "cases"


@dataclass(frozen=True, slots=True)
class Case:
    """Work that both sides can do."""

    name: str
    title: str
    format: str = "parquet"
    tables: tuple[str, ...] = ()
    select: str = ""
    again: bool = False
    """Whether it is run twice, and the second one, which finds nothing to do, is measured."""

    @property
    def sides(self) -> tuple[str, ...]:
        """Who does it."""
        return ("by_hand", "sparkjobs", *(("duckdb",) if self.name in ("ingest", "aggregate") else ()))

    @property
    def written(self) -> tuple[str, ...]:
        """The tables that it writes."""
        return self.tables or (self.name,)


CASES = (
    Case("tiny", "25 rows: what a run costs at least"),
    Case("ingest", "CSV to partitioned Parquet, typed"),
    Case("contract", "the same, with 10 rules and 5 aggregates; by hand without"),
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


def main() -> None:
    """Measure, and print the table."""
    asked = _arguments()
    chosen = [case for case in CASES if case.name in asked.cases]
    adopt_orphans()
    data = generated(ROOT / "target" / "bench-data" / f"cases-sf{asked.scale:g}", asked.scale)
    rounds: dict[str, list[Round]] = {case.name: [] for case in chosen}
    for case in chosen:
        prepare(case, landing_of(case.name, data))
    for number in range(asked.rounds):
        for case in chosen:
            rounds[case.name].append(costs := run_round(case, landing_of(case.name, data), number))
            print(f"round {number + 1}: {case.name}: {_ratio(costs):.2f}", file=sys.stderr, flush=True)
    name = f"tax-sf{asked.scale:g}"
    told = {
        name: [{side: asdict(cost) for side, cost in one.items()} for one in own]
        for name, own in rounds.items()
    }
    (PLACE / f"{name}.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    (PLACE / f"{name}.md").write_text(table(chosen, rounds), encoding="utf-8")
    print(table(chosen, rounds), end="")


def _arguments() -> argparse.Namespace:
    names = [case.name for case in CASES]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="TPC-H's scale factor")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cases", nargs="+", choices=names, default=names)
    return parser.parse_args()


def prepare(case: Case, landing: Landing) -> None:
    """Make the tables that the measured runs begin with, on each side, and keep them."""
    shutil.rmtree(_place(case), ignore_errors=True)
    if landing.before:
        lay_out(landing, landing.before, ())
    for side in case.sides:
        folder = _place(case, side)
        folder.mkdir(parents=True)
        if landing.before or (case.again and side == "sparkjobs"):
            run_side(case, side, landing)
        shutil.copytree(folder, _place(case, f"{side}.kept"))
    if landing.after:
        lay_out(landing, landing.after, landing.before)


def run_round(case: Case, landing: Landing, number: int) -> Round:
    """Each side once, from what was prepared.

    Raises:
        ValueError: they have written different rows.
    """
    costs = {}
    for side in case.sides if number % 2 == 0 else reversed(case.sides):
        folder = _place(case, side)
        shutil.rmtree(folder)
        shutil.copytree(_place(case, f"{side}.kept"), folder)
        costs[side] = run_side(case, side, landing)
    for name in case.written:
        wanted = content(files_of(_place(case, "by_hand") / name, case.format))
        for side in case.sides:
            if (found := content(files_of(_place(case, side) / name, case.format))) != wanted:
                raise ValueError(f"{case.name}: by {side}, {name} holds {found}; by hand, {wanted}")
    return costs


def run_side(case: Case, side: str, landing: Landing) -> Cost:
    """One run of one side."""
    folder = _place(case, side)
    name = case.select if case.again else case.name
    arguments = (name, str(landing.folder), str(folder))
    match side:
        case "by_hand":
            command = submitted("bench/cases/by_hand.py", *arguments, delta=case.format == "delta")
        case "duckdb":
            command = [sys.executable, "-m", "bench.cases.in_duckdb", *arguments]
        case _:
            paths = {"landing": landing.folder, "warehouse": folder, "artifacts": folder / "target"}
            sets = [word for key, path in paths.items() for word in ("--set", f"paths.{key}={path}")]
            project = str(Path(__file__).parent / "cases")
            select = case.select or case.name
            command = submitted("main.py", "run", select, "--project", project, *sets, jars=True)
    return measured(command, ROOT, environment(), folder / "log.txt")


def table(chosen: Sequence[Case], rounds: Mapping[str, Sequence[Round]]) -> str:
    """One line for each case. Ratios are taken inside a round, then their median."""
    head = ("CPU seconds (wall seconds)", "by hand", "sparkjobs", "of by hand", "DuckDB")
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for case in chosen:
        own = rounds[case.name]
        by_hand, ours, duckdb = (_median(own, side) for side in ("by_hand", "sparkjobs", "duckdb"))
        lines.append(f"| {' | '.join((case.title, by_hand, ours, _spread([*map(_ratio, own)]), duckdb))} |")
    return "\n".join(lines) + "\n"


def _ratio(costs: Round) -> float:
    return costs["sparkjobs"].cpu_s / costs["by_hand"].cpu_s


def _median(rounds: Sequence[Round], side: str) -> str:
    costs = [one[side] for one in rounds if side in one]
    if not costs:
        return ""
    return f"{median(one.cpu_s for one in costs):.1f} ({median(one.wall_s for one in costs):.1f})"


def _place(case: Case, *inside: str) -> Path:
    return PLACE.joinpath(case.name, *inside)


def _spread(values: list[float]) -> str:
    low, middle, high = (f"{value:.2f}" for value in (min(values), median(values), max(values)))
    return f"**{middle}** ({low} to {high})"


if __name__ == "__main__":
    main()
