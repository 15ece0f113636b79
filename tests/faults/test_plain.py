"""What the same deaths do to a plain PySpark script. Nothing is asserted of its rows: they are counted."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession

from tests.faults import plain
from tests.faults.cases import CASES, Case, Row, deliver
from tests.faults.readers import differences
from tests.faults.tally import Entry, add
from tests.faults.test_moments import SEED
from tests.faults.victims import PATIENCE_S, ended
from tests.projects import CLASS_PATH, QUICK, REPOSITORY, elsewhere

MOMENTS = int(os.environ.get("SPARKJOBS_FAULTS_MOMENTS", "4")) * 3
WAYS = [
    ("append", "parquet"),
    ("append", "delta"),
    ("overwrite", "parquet"),
    ("overwrite_partitions", "parquet"),
]

pytestmark = pytest.mark.exhaustive


def start(root: Path, mode: str, table_format: str, kill_at: str = "") -> subprocess.Popen[str]:
    """The script, as a process of its own."""
    conf = {
        "spark.master": "local[2]",
        "spark.ui.enabled": "false",
        "spark.driver.extraClassPath": CLASS_PATH,
        "spark.driver.extraJavaOptions": QUICK,
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.files.maxPartitionBytes": "32",
        "spark.sql.files.openCostInBytes": "1",
    }
    environment = {
        **elsewhere(),
        "PYTHONPATH": str(REPOSITORY),
        plain.CONF: json.dumps(conf),
        plain.KILL_AT: kill_at,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.plain", str(root), mode, table_format],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=root,
    )


def rows(spark: SparkSession, root: Path, table_format: str) -> list[Row]:
    """What readers see; nothing where they meet an error."""
    try:
        reader = spark.read if table_format == "delta" else spark.read.schema(plain.SCHEMA)
        found = reader.format(table_format).load(str(root / "table"))
        return sorted((tuple(row) for row in found.select("id", "kind", "part", "at").collect()), key=repr)
    except AnalysisException:  # no file is there to tell the columns
        return []


def hurt(
    spark: SparkSession, root: Path, way: tuple[str, str], where: str, fault: Callable[[], None]
) -> None:
    """Publish, hurt the second run, run again, and count."""
    (mode, table_format), case = way, CASES[way[0]]
    begin(spark, root, way)
    fault()
    misread = tuple(rows(spark, root, table_format)) not in (case.first, case.second)
    spark.catalog.clearCache()
    plain.run(spark, root, mode, table_format)
    lost, doubled = differences(rows(spark, root, table_format), case.second)
    add(Entry("plain", "plain", mode, table_format, where, 1, 1, lost, doubled, int(misread)))


def begin(spark: SparkSession, root: Path, way: tuple[str, str]) -> Case:
    case = CASES[way[0]]
    deliver(root, case, 0)
    plain.run(spark, root, *way)
    assert rows(spark, root, way[1]) == list(case.first)
    (root / "started").unlink()
    deliver(root, case, 1)
    return case


def wait(process: subprocess.Popen[str], there: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not there() and process.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.0005)


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_the_script_is_right_when_nothing_goes_wrong(
    spark: SparkSession, tmp_path: Path, way: tuple[str, str]
) -> None:
    case = begin(spark, tmp_path, way)
    assert ended(start(tmp_path, *way))[0] == 0
    assert rows(spark, tmp_path, way[1]) == list(case.second)


@pytest.mark.parametrize("point", ["before", "written"])
@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_the_script_killed_at(spark: SparkSession, tmp_path: Path, way: tuple[str, str], point: str) -> None:
    def fault() -> None:
        assert ended(start(tmp_path, *way, point))[0] == -signal.SIGKILL

    hurt(spark, tmp_path, way, point, fault)


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_the_script_killed_once_a_task_is_done(
    spark: SparkSession, tmp_path: Path, way: tuple[str, str]
) -> None:
    table = tmp_path / "table"

    def fault() -> None:
        before = set(table.rglob("*.parquet"))
        process = start(tmp_path, *way)
        if way[1] == "delta":
            wait(process, lambda: bool(set(table.rglob("*.parquet")) - before))
        else:
            wait(
                process,
                lambda: any(table.glob("_temporary/0/task_*")) or any(table.glob(".spark-staging*/*")),
            )
        process.kill()
        ended(process)  # with its JVM, which holds the pipes

    hurt(spark, tmp_path, way, "a task is done", fault)


@pytest.mark.parametrize("number", range(MOMENTS))
@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_the_script_killed_at_a_random_moment(
    spark: SparkSession,
    tmp_path: Path,
    way: tuple[str, str],
    number: int,
    usual_s: dict[tuple[str, str], float],
) -> None:
    if way not in usual_s:
        begin(spark, tmp_path / "usual", way)
        process = start(tmp_path / "usual", *way)
        wait(process, (tmp_path / "usual/started").exists)
        started = time.monotonic()
        wait(process, lambda: "b.csv" in mark(tmp_path / "usual") or way[0] != "append")
        ended(process)
        usual_s[way] = time.monotonic() - started
    delay_s = random.Random(f"{SEED} plain {way} {number}").uniform(0, usual_s[way])  # noqa: S311

    def fault() -> None:
        process = start(tmp_path, *way)
        wait(process, (tmp_path / "started").exists)
        time.sleep(delay_s)
        process.kill()
        ended(process)  # with its JVM, which holds the pipes

    hurt(spark, tmp_path, way, f"start + {delay_s:.3f} s, seed {SEED}", fault)


def mark(root: Path) -> str:
    path = root / "mark.json"
    return path.read_text(encoding="utf-8") if path.exists() else ""


@pytest.fixture(scope="module")
def usual_s() -> dict[tuple[str, str], float]:
    """How long each way takes from its start to its end; filled as it is measured."""
    return {}
