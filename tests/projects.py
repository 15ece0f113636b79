"""Whole projects for tests: conf and job code on disk, run in this process."""

import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from textwrap import dedent

import pyarrow as pa
from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from sparkjobs.config import Conf, load
from sparkjobs.plan import Request, RunPlan, Window, build
from sparkjobs.record import Event
from sparkjobs.registry import collect
from sparkjobs.results import JobResult, RunResult
from sparkjobs.run import Orders, execute
from sparkjobs.state import committed_schema

HEAD = "from pyspark.sql import DataFrame, functions as F\nfrom sparkjobs import job\n"

_numbers = count(1)
NOW = Window(datetime(2026, 1, 1, tzinfo=UTC))
REPOSITORY = Path(__file__).parents[1]
JARS = REPOSITORY / ".jars"
CLASS_PATH = f"{JARS}/*:{JARS}/spark/*"
"""What the archive of classes was made with."""
SHORT = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:MetaspaceSize=256m"
"""Options of Java for programs of seconds."""
QUICK = f"{SHORT} -XX:SharedArchiveFile={JARS}/classes.jsa"
"""The same where CLASS_PATH comes first."""
CONF = """
name: test
jobs: [{package}]
paths: {{landing: landing, warehouse: warehouse, artifacts: target}}
spark:
  spark.master: local[2]
  spark.driver.extraClassPath: {class_path}
  spark.driver.extraJavaOptions: {java}
  spark.executor.extraClassPath: {jars}/*
"""


def lay_out(root: Path, files: Mapping[str, str]) -> None:
    """Write `files`, relative path → text, below `root`."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))


def write_project(root: Path, code: str, files: Mapping[str, str]) -> None:
    """A project with one job module, in a package whose name no other test has."""
    package = f"jobs_{abs(hash(str(root)))}"
    conf = CONF.format(package=package, class_path=CLASS_PATH, java=QUICK, jars=JARS)
    lay_out(
        root,
        {"conf/sparkjobs.yml": conf, f"{package}/__init__.py": HEAD + dedent(code), **files},
    )
    if not (root / ".jars").exists():
        (root / ".jars").symlink_to(JARS)


def planned(
    root: Path,
    *select: str,
    full_refresh: bool = False,
    sets: tuple[str, ...] = (),
    window: Window = NOW,
) -> tuple[Conf, RunPlan]:
    """The conf and the plan of the project in `root`, its job code read anew."""
    conf = load(root, None, sets, {})
    for package in conf.project.jobs:
        sys.modules.pop(package, None)
    return conf, build(
        conf,
        collect(conf.project.jobs, root, conf.models.values()),
        Request(select, (), full_refresh, window),
    )


def run(
    spark: SparkSession,
    root: Path,
    *select: str,
    full_refresh: bool = False,
    sets: tuple[str, ...] = (),
    window: Window = NOW,
    run_id: str | None = None,
) -> Mapping[str, JobResult]:
    """Plan and run, in this process; the result of each job."""
    conf, plan = planned(root, *select, full_refresh=full_refresh, sets=sets, window=window)
    return {job.job: job for job in executed(spark, conf, plan, run_id=run_id).jobs}


def elsewhere() -> dict[str, str]:
    """The environment without the conf folder of this repository, whose settings would win over a project's."""
    return {name: value for name, value in os.environ.items() if name != "SPARK_CONF_DIR"}


def process(root: Path, *arguments: str, kill_at: str | None = None) -> "subprocess.Popen[str]":
    """`sparkjobs` on the project in `root`, as a process of its own; it dies at the point `kill_at`."""
    environment = {**elsewhere(), "SPARK_LOCAL_IP": "127.0.0.1", "PYTHONPATH": ""}
    if kill_at:
        environment["SPARKJOBS_KILL_AT"] = kill_at
    command = [sys.executable, "-m", "sparkjobs", *arguments, "--project", str(root)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True, cwd=root)


def executed(
    spark: SparkSession,
    conf: Conf,
    plan: RunPlan,
    *,
    fail_fast: bool = False,
    threads: int = 1,
    run_id: str | None = None,
) -> RunResult:
    """Execute `plan` in the test's session.

    Each run has a name of its own: what Spark remembers of a run is looked up by it, and must not grow with
    each test.
    """
    events: list[Event] = []
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    name = run_id or f"run-{next(_numbers)}"
    orders = Orders(name, lambda: moment, events.append, fail_fast=fail_fast, threads=threads)
    return execute(lambda _: spark, conf, plan, orders)


def table(spark: SparkSession, path: Path) -> DataFrame:
    """What readers of a published table see; Delta as JVM Delta reads it."""
    if (path / "_delta_log").exists():
        return spark.read.format("delta").load(str(path))
    return spark.read.schema(StructType.fromJson(committed_schema(path))).parquet(str(path))


def rows(spark: SparkSession, path: Path, *columns: str) -> list[tuple[object, ...]]:
    """All rows that readers of a published table see, in the order of their text.

    Of a Delta table by deltalake, where Spark would run three jobs for them; times are those of UTC.
    """
    if (path / "_delta_log").exists():
        found = DeltaTable(path).to_pyarrow_table(columns=list(columns) or None)
        return sorted((tuple(row.values()) for row in _without_zones(found).to_pylist()), key=repr)
    seen = table(spark, path)
    return sorted((tuple(row) for row in (seen.select(*columns) if columns else seen).collect()), key=repr)


def _without_zones(found: pa.Table) -> pa.Table:
    plain = [
        pa.field(one.name, pa.timestamp("us") if pa.types.is_timestamp(one.type) else one.type)
        for one in found.schema
    ]
    return found.cast(pa.schema(plain))


def version(path: Path) -> int:
    """The version of a Delta table."""
    return DeltaTable(path).version()
