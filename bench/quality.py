"""What checks cost: `python -m bench.quality --scale 1 --rounds 5`.  bench/README.md says what is compared.

Each variant runs once a round, in a process of its own, so that what disturbs the machine disturbs all.
"""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench.measure import Cost, adopt_orphans, measured
from bench.rows import Activity, activity, content
from bench.submit import OUT, ROOT, environment, files_of
from bench.variants import VARIANTS, Variant, command, log_of, passed


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a variant."""

    cost: Cost
    activity: Activity


HEAD = (
    *("", "CPU s", "of plain", "of plain, both without the empty session", "CPU s of tasks", "wall s"),
    *("Spark jobs", "scans of the source", "scans of the result"),
)


def main() -> None:
    """Measure, and print the table."""
    asked = _arguments()
    chosen = tuple(one for one in VARIANTS if one.name in asked.only)
    adopt_orphans()
    data = _data(asked.scale)
    runs: dict[str, list[Run]] = {one.name: [] for one in chosen}
    for number in range(1, asked.rounds + 1):
        for one in chosen:
            runs[one.name].append(run := run_once(one, data, asked.format))
            print(f"round {number}: {one.name}: {run.cost.cpu_s:.1f} CPU s", file=sys.stderr, flush=True)
    found = {one.name: {"title": one.title, "runs": [*map(asdict, runs[one.name])]} for one in chosen}
    name = f"{asked.format}-sf{asked.scale:g}"
    (OUT / f"{name}.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    (OUT / f"{name}.md").write_text(table(chosen, runs), encoding="utf-8")
    print(table(chosen, runs), end="")


def _arguments() -> argparse.Namespace:
    names = [one.name for one in VARIANTS]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="TPC-H's scale factor")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--format", choices=("parquet", "delta"), default="parquet")
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="besides empty and plain")
    asked = parser.parse_args()
    asked.only = {*asked.only, "empty", "plain"}
    return asked


def _data(scale: float) -> Path:
    """The folder of TPC-H's lineitem in four files, made where it is not there."""
    folder = ROOT / "target" / "bench-data" / f"sf{scale:g}"
    if not folder.exists():
        made = folder.with_name(f"{folder.name}.making")
        shutil.rmtree(made, ignore_errors=True)
        size = "--scale-factor", f"{scale:g}", "--tables", "lineitem", "--parts", "4"
        program = str(Path(sys.executable).with_name("tpchgen-cli"))
        subprocess.run([program, "parquet", *size, "--output-dir", str(made), "--quiet"], check=True)
        made.rename(folder)
    return folder


def run_once(variant: Variant, data: Path, kind: str) -> Run:
    """One run from nothing.

    Raises:
        ValueError: its rows or checks are not as they must be.
    """
    shutil.rmtree(variant.folder, ignore_errors=True)
    variant.events.mkdir(parents=True)
    cost = measured(command(variant, data, kind), ROOT, environment(), log_of(variant))
    if passed(variant) not in (None, 20):
        raise ValueError(f"{variant.name} does not tell of 20 checks")
    plain = next(one for one in VARIANTS if one.name == "plain")
    if variant.name != "empty" and content(files_of(variant.table, kind)) != content(
        files_of(plain.table, kind)
    ):
        raise ValueError(f"{variant.name} has written other rows than {plain.name}")
    (event_log,) = (path for path in variant.events.iterdir() if not path.name.startswith("."))
    return Run(cost, activity(event_log, data))


def table(chosen: Sequence[Variant], runs: dict[str, list[Run]]) -> str:
    """One line for each variant. Ratios are taken inside a round, then their median."""
    lines = [f"| {' | '.join(HEAD)} |", "|---" * len(HEAD) + "|"]
    for one in chosen:
        own, did = runs[one.name], runs[one.name][-1].activity
        together = list(zip(own, runs["plain"], runs["empty"], strict=True))
        cells = [
            one.title,
            _spread([run.cost.cpu_s for run in own], 1),
            _spread([run.cost.cpu_s / plain.cost.cpu_s for run, plain, _ in together], 2),
            _spread([_beyond(run, idle) / _beyond(plain, idle) for run, plain, idle in together], 2),
            _spread([run.activity.tasks_cpu_s for run in own], 1),
            _spread([run.cost.wall_s for run in own], 1),
            str(did.jobs),
            f"{did.source_scans}, {did.source_bytes / 1e6:.0f} MB",
            f"{did.result_scans}, {did.result_bytes / 1e6:.0f} MB",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _beyond(run: Run, idle: Run) -> float:
    return run.cost.cpu_s - idle.cost.cpu_s


def _spread(values: list[float], digits: int) -> str:
    """The median, with the least and the greatest."""
    low, middle, high = (f"{value:.{digits}f}" for value in (min(values), median(values), max(values)))
    return f"**{middle}** ({low} to {high})"


if __name__ == "__main__":
    main()
