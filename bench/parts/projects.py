"""A larger project: what it costs to plan, and to find that nothing is to be done. No JVM may be started."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import pyarrow.parquet as pq

from bench.measure import Cost, measured
from bench.parts import GROWTH, Told
from bench.parts.arrivals import batch
from bench.submit import BIN, ROOT, bare, environment, submitted
from bench.tables import markdown

TIMES = 5
_CONF = {
    "sparkjobs.yml": """name: many
jobs: [bench.parts.jobs]
paths: {landing: landing, warehouse: warehouse}
""",
    "sources.yml": 'rows: {format: parquet, path: "${landing}/rows.parquet"}\n',
}
_JOB = """function: same
inputs: {{rows: {{{of}}}}}
output: {{format: parquet, path: "${{warehouse}}/{name}"}}
"""


@dataclass(frozen=True, slots=True)
class Idle:
    """Commands that had no need of Spark."""

    command: str
    jobs: int
    runs: tuple[Cost, ...]


def noop(jobs: int, memory: str) -> Told:
    """`run` when all jobs have run."""
    folder = laid_out("noop", jobs)
    first = submitted("main.py", "run", "--project", str(folder), memory=memory)
    measured(first, ROOT, environment(), folder / "first.log")
    return _idle("run", jobs, folder)


def plan(jobs: int) -> Told:
    """`plan` when no job has run."""
    return _idle("plan", jobs, laid_out("plan", jobs))


def laid_out(name: str, jobs: int) -> Path:
    """A project of so many jobs, of which every other one reads the one before it."""
    folder = GROWTH / name
    shutil.rmtree(folder, ignore_errors=True)
    for one in ("conf/jobs", "landing"):
        (folder / one).mkdir(parents=True)
    pq.write_table(batch(0, 25), folder / "landing" / "rows.parquet")
    for file, text in _CONF.items():
        (folder / "conf" / file).write_text(text, encoding="utf-8")
    for number in range(jobs):
        of = f"ref: job_{number - 1:04}" if number % 2 else "source: rows"
        text = _JOB.format(of=of, name=(job := f"job_{number:04}"))
        (folder / "conf" / "jobs" / f"{job}.yml").write_text(text, encoding="utf-8")
    return folder


def _idle(command: str, jobs: int, folder: Path) -> Told:
    trap, started = _trap(folder)
    words = bare(command, "--project", str(folder))
    runs = tuple(measured(words, ROOT, trap, folder / "log.txt") for _ in range(TIMES))
    if started.exists():
        raise ValueError(f"{command} has started a JVM: java {started.read_text(encoding='utf-8')}")
    cpu, wall = (median(values) for values in zip(*((one.cpu_s, one.wall_s) for one in runs), strict=True))
    line = f"`{command}`", f"{jobs:,}", f"{cpu:.2f}", f"{wall:.2f}", "none"
    head = "command", "jobs", "CPU seconds", "wall seconds", "JVMs started"
    return Told((asdict(Idle(command, jobs, runs)),), markdown(head, [line]))


def _trap(folder: Path) -> tuple[Mapping[str, str], Path]:
    """An environment whose Java notes that it was called, and fails; and where it does.

    Raises:
        ValueError: Spark got past it.
    """
    started, java = folder / "started", folder / "java" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f'#!/bin/sh\necho "$@" >> "{started}"\nexit 1\n', encoding="utf-8")
    java.chmod(0o755)
    common = environment()
    path = f"{java.parent}{os.pathsep}{common['PATH']}"
    trap = {**common, "JAVA_HOME": str(java.parents[1]), "PATH": path}
    spark = subprocess.run(
        [str(BIN / "spark-submit"), "--version"], env=trap, capture_output=True, check=False
    )
    if spark.returncode == 0 or not started.exists():
        raise ValueError(
            "Spark starts without the Java that notes it: that no JVM was started proves nothing"
        )
    started.unlink()
    return trap, started
