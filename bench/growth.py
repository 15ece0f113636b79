"""How the cost grows: `python -m bench.growth --parts scale files increments noop plan`.

With the data, with the number of files, with the age of a table, and with the size of a project. Each part
keeps its figures and its table below target/bench/growth.
"""

import argparse
import json
import sys
from collections.abc import Callable

from bench.measure import adopt_orphans
from bench.parts import GROWTH, Told, files, increments, projects, scale
from bench.submit import MEMORY

PARTS: dict[str, Callable[[argparse.Namespace], Told]] = {
    "scale": lambda asked: scale.measure(asked.scales, asked.cases, asked.rounds, asked.driver_memory),
    "files": lambda asked: files.measure(
        {"parquet": asked.parquet_files, "csv": asked.csv_files}, asked.driver_memory
    ),
    "increments": lambda asked: increments.measure(
        asked.increments, asked.jobs, asked.optimize_after, asked.driver_memory
    ),
    "noop": lambda asked: projects.noop(asked.noop_jobs, asked.driver_memory),
    "plan": lambda asked: projects.plan(asked.plan_jobs),
}


def main() -> None:
    """Measure the parts that are asked for, and print their tables."""
    asked = _arguments()
    adopt_orphans()
    GROWTH.mkdir(parents=True, exist_ok=True)
    for part in asked.parts:
        print(f"{part} …", file=sys.stderr, flush=True)
        told = PARTS[part](asked)
        optimized = part == "increments" and asked.optimize_after is not None
        name = f"{part}-optimized" if optimized else part  # beside those without
        (GROWTH / f"{name}.json").write_text(json.dumps(told.figures, indent=2) + "\n", encoding="utf-8")
        (GROWTH / f"{name}.md").write_text(told.table, encoding="utf-8")
        print(told.table, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--parts", nargs="+", choices=PARTS, default=[*PARTS])
    add("--driver-memory", default=MEMORY, help="of each Spark driver")
    add("--scales", nargs="+", type=float, default=[0.1, 1, 10], help="scale: TPC-H's scale factors")
    add("--cases", nargs="+", choices=scale.CASES, default=scale.CASES, help="scale: besides tiny")
    add("--rounds", type=int, default=1, help="scale: how often each is run")
    add("--parquet-files", type=int, default=100_000, help="files: of 25 rows each")
    add("--csv-files", type=int, default=10_000, help="files: of 25 rows each")
    add("--increments", type=int, default=30, help="increments: how many runs")
    add("--jobs", nargs="+", choices=increments.JOBS, default=increments.JOBS[:2], help="increments")
    add("--optimize-after", type=int, help="increments: output.optimize, after so many commits")
    add("--noop-jobs", type=int, default=20, help="noop: how many jobs")
    add("--plan-jobs", type=int, default=1000, help="plan: how many jobs")
    return parser.parse_args()


if __name__ == "__main__":
    main()
