"""SIGTERM: the run ends with exit code 143 and a record; the next run, or a retry, publishes."""

import json
import os
import signal
import subprocess
import sys
import time
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from sparkjobs.state import locked
from tests.faults.cases import FORMATS, SLOW
from tests.faults.trial import Trials
from tests.faults.victims import PATIENCE_S, Process, ended, finished, start
from tests.projects import REPOSITORY, rows, write_project


def until(process: Process, path: Path, pattern: str) -> None:
    """Wait until there is something like `pattern` below `path`."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds(path, pattern):
        assert process.poll() is None, ended(process)
        assert time.monotonic() < deadline
        time.sleep(0.02)


def holds(path: Path, pattern: str) -> bool:
    """Whether there is something like `pattern` below `path`, in which folders come and go."""
    try:
        return next(path.rglob(pattern), None) is not None
    except FileNotFoundError:
        return False


def record(root: Path, run_id: str) -> dict[str, Any]:
    """The one job in run_results.json of a run, once it is there: of a spark-submit the JVM ends first."""
    path = root / f"target/runs/{run_id}/run_results.json"
    deadline = time.monotonic() + PATIENCE_S
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    (one,) = json.loads(path.read_text(encoding="utf-8"))["results"]
    return dict(one)


@pytest.mark.parametrize(
    ("mode", "table_format", "again"),
    [
        pytest.param(*chosen, marks=() if chosen == ("append", "delta", "retry") else pytest.mark.exhaustive)
        for chosen in product(("append", "overwrite", "merge"), FORMATS, ("run", "retry"))
    ],
)
def test_a_run_that_is_told_to_stop_while_it_stages(
    trials: Trials,
    mode: str,
    table_format: str,
    again: str,
) -> None:
    trial = trials.new(mode, table_format)
    trial.begin(SLOW)
    process = start(trials.root, "run", "--run-id", "stopped")
    until(process, trial.table, "_temporary")
    process.send_signal(signal.SIGTERM)
    asked = time.monotonic()
    code, told = ended(process)

    assert code == 143, told
    assert time.monotonic() - asked < 30
    one = record(trials.root, "stopped")
    assert (one["status"], one["published"]) == ("error", None)
    assert "SIGTERM" in one["message"]
    trial.look("old")
    code, told = finished(trials.root, again)
    assert code == 0, told
    trial.look("new")
    trial.conclude("SIGTERM", (f"staging, then {again}",), trial.run_again())


@pytest.mark.exhaustive
@pytest.mark.parametrize("table_format", FORMATS)
def test_a_spark_submit_that_is_told_to_stop(trials: Trials, table_format: str) -> None:
    """It is a JVM that gets the signal there, and the session is gone before the program is told."""
    trial = trials.new("append", table_format)
    trial.begin(SLOW)
    submit = [str(Path(sys.executable).parent / "spark-submit"), str(REPOSITORY / "main.py")]
    arguments = ["run", "--run-id", "stopped", "--project", str(trials.root)]
    conf = {"SPARK_CONF_DIR": str(REPOSITORY / "conf"), "SPARK_LOCAL_IP": "127.0.0.1"}
    process = subprocess.Popen(
        [*submit, *arguments],
        env={**os.environ, **conf, "PYSPARK_PYTHON": sys.executable},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    until(process, trial.table, "_temporary")
    process.send_signal(signal.SIGTERM)
    code, told = ended(process)

    assert code == 143, told
    one = record(trials.root, "stopped")
    assert (one["status"], one["published"]) == ("error", None)
    trial.look("old")
    trial.conclude("SIGTERM", ("spark-submit, staging",), trial.run_again())


@pytest.mark.exhaustive
@pytest.mark.parametrize("table_format", FORMATS)
@pytest.mark.parametrize("mode", ["append", "overwrite", "overwrite_partitions", "merge", "scd2"])
@pytest.mark.parametrize("after_s", [0.0, 0.2])
def test_a_run_that_is_told_to_stop_while_it_judges_and_commits(
    trials: Trials,
    mode: str,
    table_format: str,
    after_s: float,
) -> None:
    trial = trials.new(mode, table_format)
    trial.begin()
    process = start(trials.root, "run", "--run-id", "stopped")
    until(process, trial.table, "_sparkjobs/staging/*/quarantine")
    time.sleep(after_s)
    process.send_signal(signal.SIGTERM)
    code, told = ended(process)

    # after the last job nothing is left to be kept whole, and the signal does what it does to any program
    assert code in (0, 143, -signal.SIGTERM), told
    one = record(trials.root, "stopped")
    published = tuple(trial.rows()) == trial.case.second
    assert one["status"] == ("success" if published else "error")
    trial.look("new" if published else "old")
    result = trial.run_again()
    assert result.status == ("no-op" if published else "success")
    trial.conclude("SIGTERM", (f"{after_s} s after the quarantine was written",), result)


SEVERAL = """
from pathlib import Path

def context(rows: DataFrame):
    return rows.sparkSession.sparkContext

def kind():
    def slowly(kind):
        import time
        time.sleep(5)
        return kind

    return (F.udf(slowly)("kind") if Path({slow!r}).exists() else F.col("kind")).alias("kind")

@job
def first(rows: DataFrame) -> DataFrame:
    mode = context(rows).getConf().get("spark.scheduler.mode")
    pool = context(rows).getLocalProperty("spark.scheduler.pool")
    return rows.select("id", kind(), F.lit(f"{{mode}} {{pool}}").alias("told"))

@job
def second(rows: DataFrame) -> DataFrame:
    return rows.select("id", kind())

@job
def third(first: DataFrame) -> DataFrame:
    return first
"""


@pytest.mark.parametrize(
    ("more", "scheduler"),
    [(("--threads", "2"), "FAIR first"), pytest.param((), "None None", marks=pytest.mark.exhaustive)],
)
def test_a_run_of_several_threads_that_is_told_to_stop(
    spark: SparkSession, tmp_path: Path, more: tuple[str, ...], scheduler: str
) -> None:
    inputs = {
        "first": "rows: {source: rows}",
        "second": "rows: {source: rows}",
        "third": "first: {ref: first}",
    }
    output = 'output: {{format: delta, path: "${{warehouse}}/{}"}}\n'
    files = {
        **{
            f"conf/jobs/{name}.yml": f"inputs: {{{one}}}\n{output.format(name)}"
            for name, one in inputs.items()
        },
        "conf/sources.yml": "rows: {format: csv, path: '${landing}/*.csv', columns: {id: int, kind: string}}\n",
        "landing/a.csv": "id,kind\n1,x\n2,y\n",
        "slow": "",
    }
    write_project(tmp_path, SEVERAL.format(slow=str(tmp_path / "slow")), files)

    process = start(tmp_path, "run", "--run-id", "stopped", "--threads", "2")
    for name in ("first", "second"):
        until(process, tmp_path / "warehouse" / name, "_temporary")
    process.send_signal(signal.SIGTERM)
    code, told = ended(process)

    assert code == 143, told
    record = json.loads((tmp_path / "target/runs/stopped/run_results.json").read_text(encoding="utf-8"))
    results = [(one["status"], one["published"], one["message"].splitlines()[0]) for one in record["results"]]
    assert results == [
        ("error", None, "'first': the run was told to stop (SIGTERM)."),
        ("error", None, "'second': the run was told to stop (SIGTERM)."),
        ("skipped", None, "stopped by SIGTERM"),
    ]
    events = (tmp_path / "target/runs/stopped/events.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(events[place])["event"] for place in (0, -1)] == ["run_started", "run_ended"]
    assert not list(tmp_path.glob("warehouse/*/_delta_log"))
    assert not list(tmp_path.glob("warehouse/*/*/part-*"))  # neither came to the end of its write
    for name in ("first", "second"):
        with locked(name, tmp_path / f"warehouse/{name}/_sparkjobs", "look") as lock:
            assert lock.taken_from is None

    (tmp_path / "slow").unlink()
    code, told = finished(tmp_path, "retry", *more)

    assert code == 0, told
    assert rows(spark, tmp_path / "warehouse/first") == [(1, "x", scheduler), (2, "y", scheduler)]
    assert rows(spark, tmp_path / "warehouse/second") == [(1, "x"), (2, "y")]
    assert rows(spark, tmp_path / "warehouse/third") == [(1, "x", scheduler), (2, "y", scheduler)]
