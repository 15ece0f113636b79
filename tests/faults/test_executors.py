"""Tasks that are tried twice: the rows and the ledger of the run are as if nothing had happened."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyspark
import pytest

from tests.faults.cases import CASES, FORMATS, SLOW
from tests.faults.test_stop import record, until
from tests.faults.trial import Trial, Trials
from tests.faults.victims import PATIENCE_S, ended, start

CLUSTER = """  spark.master: local-cluster[2,1,1024]
  spark.executor.memory: 1g
  spark.sql.shuffle.partitions: 2
  spark.sql.files.maxPartitionBytes: 16
  spark.sql.files.openCostInBytes: 1
  spark.task.maxFailures: 4
"""
"""Each row is a task of its own, or nearly."""
FETCH_FAILURES = """  spark.testing.injectShuffleFetchFailures: true
  spark.testing.memory: 1500000000
  spark.testing.reservedMemory: 100000000
  spark.sql.adaptive.enabled: false
  spark.sql.shuffle.partitions: 2
"""
EVENTS = """  spark.eventLog.enabled: true
  spark.eventLog.compress: false
  spark.eventLog.rolling.enabled: false
  spark.eventLog.dir: file://{}
"""
SHUFFLING = """
@job
def events(rows: DataFrame) -> DataFrame:
    return rows.groupBy("id", "kind", "part", "at").count().select("id", "kind", "part", "at")
"""


def descendants(pid: int) -> Iterator[int]:
    """The processes below `pid`, of which this one started the first."""
    for path in Path("/proc").glob(f"{pid}/task/*/children"):
        for child in map(int, path.read_text(encoding="utf-8").split()):
            yield child
            yield from descendants(child)


def executors(pid: int) -> list[int]:
    """The executors among them."""
    name = b"CoarseGrainedExecutorBackend"
    found = [one for one in descendants(pid) if name in Path(f"/proc/{one}/cmdline").read_bytes()]
    return [one for one in found if b"java" in Path(f"/proc/{one}/cmdline").read_bytes().split(b"\0")[0]]


def spark_events(folder: Path) -> Iterator[dict[str, Any]]:
    """Every event of the Spark event logs in `folder`."""
    for path in folder.iterdir():
        yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


def assert_clean(trial: Trial, run_id: str) -> None:
    """Rows and ledger are those of a run without faults."""
    trial.look("new")
    one = record(trial.root, run_id)
    assert one["status"] == "success"
    read, valid, bad = trial.case.ledger
    assert one["ledger"] == {"rows": {"read": read, "valid": valid, "quarantined": bad}}


@pytest.mark.exhaustive
@pytest.mark.parametrize("mode", ["append", "overwrite_partitions", "merge"])
@pytest.mark.parametrize("table_format", FORMATS)
def test_an_executor_that_is_killed(trials: Trials, mode: str, table_format: str) -> None:
    trial = trials.new(mode, table_format)
    (trials.root / "log").mkdir()
    trial.begin(code=SLOW, conf=CLUSTER + EVENTS.format(trials.root / "log"))
    os.environ.setdefault("SPARK_HOME", str(Path(pyspark.__file__).parent))
    process = start(trials.root, "run", "--run-id", "hurt")
    until(process, trial.table, "_temporary")
    deadline = time.monotonic() + PATIENCE_S
    while not (found := executors(process.pid)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.3)
    os.kill(found[0], signal.SIGKILL)
    code, told = ended(process)

    assert code == 0, told
    gone = [
        one for one in spark_events(trials.root / "log") if one["Event"] == "SparkListenerExecutorRemoved"
    ]
    assert gone
    assert_clean(trial, "hurt")
    trial.conclude("executor killed", ("staging",), trial.run_again())


@pytest.mark.exhaustive
@pytest.mark.parametrize("mode", CASES)
@pytest.mark.parametrize("table_format", FORMATS)
def test_a_shuffle_whose_files_cannot_be_fetched(
    trials: Trials,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    table_format: str,
) -> None:
    trial = trials.new(mode, table_format)
    (trials.root / "log").mkdir()
    trial.begin(SHUFFLING, FETCH_FAILURES + EVENTS.format(trials.root / "log"))
    home = Path(pyspark.__file__).parent
    monkeypatch.setenv("SPARK_TESTING", "1")
    options = trials.root / "conf/sparkjobs.yml"
    text = options.read_text(encoding="utf-8")
    testing = f"-Dspark.testing=true -Dspark.test.home={home} -XX:TieredStopAtLevel=1"
    options.write_text(text.replace("-XX:TieredStopAtLevel=1", testing), encoding="utf-8")
    code, told = ended(start(trials.root, "run", "--run-id", "hurt"))

    assert code == 0, told
    done = [one for one in spark_events(trials.root / "log") if one["Event"] == "SparkListenerStageCompleted"]
    assert any(one["Stage Info"]["Stage Attempt ID"] > 0 for one in done)
    assert_clean(trial, "hurt")
    monkeypatch.undo()
    trial.conclude("shuffle fetch failed", ("every shuffle",), trial.run_again())
