"""Real `spark-submit` processes, and what they leave behind: tables, records, event logs."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset
from deltalake import DeltaTable

from tests.projects import QUICK, SHORT

ROOT = Path(__file__).resolve().parents[2]
_SUBMIT = Path(sys.executable).parent / "spark-submit"
_PATIENCE_S = 600


@dataclass(frozen=True, slots=True)
class Submission:
    """A spark-submit that writes only below `home`."""

    process: subprocess.Popen[bytes]
    home: Path

    def ended(self) -> "Submission":
        """The same, once its process has ended."""
        self.process.wait(_PATIENCE_S)
        return self

    @property
    def output(self) -> str:
        """What it said, on stdout and stderr."""
        return (self.home / "output.txt").read_text(encoding="utf-8")

    @property
    def results(self) -> dict[str, dict[str, Any]]:
        """The jobs of its run_results.json, by name."""
        (path,) = self.home.glob("artifacts/runs/*/run_results.json")
        results = json.loads(path.read_text(encoding="utf-8"))["results"]
        return {one["unique_id"].rpartition(".")[2]: one for one in results}

    @property
    def ledgers(self) -> dict[str, Any]:
        """What each job read, found valid and rejected."""
        return {name: one.get("ledger") for name, one in self.results.items()}

    @property
    def event_log(self) -> Path:
        """What Spark wrote down of it, as JSON lines."""
        (path,) = (self.home / "events").iterdir()
        return path

    def table(self, name: str) -> Path:
        """The folder of a published table."""
        return self.home / "warehouse" / name


def rows_of(table: Path) -> pa.Table:
    """A published table, read without Spark, its rows in order."""
    if (table / "_delta_log").is_dir():
        rows = DeltaTable(table).to_pyarrow_table()
    else:
        rows = pyarrow.dataset.dataset(table, format="parquet", partitioning="hive").to_table()
    exact = [field.name for field in rows.schema if not pa.types.is_floating(field.type)]
    return rows.sort_by([(key, "ascending") for key in exact])


@contextmanager
def submitted(
    master: str,
    home: Path,
    *arguments: str,
    conf: Mapping[str, str] | None = None,
    py_files: Path | None = None,
) -> Iterator[Submission]:
    """`spark-submit --master … main.py run ARGUMENTS`, as the Makefile does it; ended at the latest on leaving."""
    (home / "events").mkdir(parents=True)
    usual = {
        "spark.driver.extraJavaOptions": f"{QUICK} -Dlog4j2.configurationFile=conf/log4j2.properties",
        "spark.executor.extraJavaOptions": SHORT,
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": (home / "events").as_uri(),
        "spark.eventLog.compress": "false",
        "spark.eventLog.rolling.enabled": "false",
    }
    settings = [f"--conf={key}={value}" for key, value in {**usual, **(conf or {})}.items()]
    code = [f"--py-files={py_files}"] if py_files else []
    places = [f"--set=paths.{name}={home / name}" for name in ("warehouse", "artifacts")]
    command = [str(_SUBMIT), "--master", master, *settings, *code, "main.py", "run", *arguments, *places]
    env = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("SPARK", "PYSPARK"))},
        "PATH": f"{_SUBMIT.parent}{os.pathsep}{os.environ['PATH']}",
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_CONF_DIR": str(ROOT / "conf"),
        "SPARK_LOCAL_DIRS": str(home / "local"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_WORKER_DIR": str(home / "work"),  # for local-cluster
    }
    with (
        (home / "output.txt").open("wb") as output,
        subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        ) as process,
    ):
        try:
            yield Submission(process, home)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def run(
    master: str,
    home: Path,
    *arguments: str,
    conf: Mapping[str, str] | None = None,
    py_files: Path | None = None,
) -> Submission:
    """The same, from start to end."""
    with submitted(master, home, *arguments, conf=conf, py_files=py_files) as submission:
        return submission.ended()


def assert_same_rows(table: Path, like: Path) -> None:
    """Two tables hold the same rows; doubles may differ in their last digits, since a sum depends on its order."""
    actual, expected = rows_of(table), rows_of(like)
    assert actual.schema.equals(expected.schema)
    assert actual.num_rows == expected.num_rows
    for name in expected.column_names:
        ours, theirs = actual.column(name), expected.column(name)
        if not pa.types.is_floating(theirs.type):
            assert ours.equals(theirs), name
            continue
        assert ours.is_null().equals(theirs.is_null()), name
        np.testing.assert_allclose(ours.to_numpy(), theirs.to_numpy(), rtol=1e-9, atol=0, err_msg=name)
