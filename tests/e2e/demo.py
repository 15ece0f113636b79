"""The demo project run as its users run it: `spark-submit main.py run`, in a process of its own."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from tests.projects import QUICK

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
LANDING = ROOT / "data" / "landing"
JOBS = (
    *("product_sales", "stg_flights", "stg_weather", "airport_hourly", "carrier_daily", "late_departures"),
    *("route_delays", "worst_days"),
)


@dataclass(frozen=True)
class Demo:
    """The one demo run that all end-to-end tests look at. Whoever reads it changes no table."""

    folder: Path
    planned: str
    """What `plan --output json` printed just before."""
    process: subprocess.CompletedProcess[str]
    record: Path
    """The run's own folder, with plan.json, run_results.json and events.jsonl."""
    event_log: Path
    """What Spark wrote down of the run, as JSON lines."""

    @property
    def warehouse(self) -> Path:
        """Where the tables are."""
        return self.folder / "warehouse"

    @cached_property
    def results(self) -> Mapping[str, Any]:
        """run_results.json."""
        content: Mapping[str, Any] = json.loads(
            (self.record / "run_results.json").read_text(encoding="utf-8")
        )
        return content

    @property
    def jobs(self) -> Mapping[str, Mapping[str, Any]]:
        """The entries of run_results.json by job, in the order they ran."""
        return {str(one["unique_id"]).rsplit(".", 1)[1]: one for one in self.results["results"]}

    def table(self, job: str) -> Path:
        """The folder of the table that `job` publishes."""
        return self.warehouse / job

    def quarantined(self, job: str, name: str) -> Iterator[Mapping[str, Any]]:
        """The rejected rows of the input `name` of `job`."""
        folder = self.table(job) / "_sparkjobs" / "quarantine" / "1" / name
        for path in sorted(folder.glob("*.json.gz")):
            with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
                yield from map(json.loads, lines)


def run_demo(folder: Path) -> Demo:
    """Plan and run the demo, with tables, record and event log below `folder`."""
    _demand_data()
    planned = sparkjobs("plan", "--output", "json", *options(folder))
    process = spark_submit(folder, "run", *options(folder))
    records = sorted((folder / "target" / "runs").glob("*/run_results.json"))
    if len(records) != 1:
        pytest.fail(f"the demo ended with {process.returncode} and left no record:\n{process.stdout[-4000:]}")
    (event_log,) = (folder / "events").iterdir()
    return Demo(folder, planned.stdout, process, records[0].parent, event_log)


def options(folder: Path) -> tuple[str, ...]:
    """Keep everything that a run writes below `folder`."""
    return "--set", f"paths.warehouse={folder / 'warehouse'}", "--set", f"paths.artifacts={folder / 'target'}"


def spark_submit(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`spark-submit main.py ARGUMENTS` with an event log in `folder`; one appears for each Spark session."""
    events = folder / "events"
    events.mkdir(exist_ok=True)
    settings = {
        "spark.driver.extraJavaOptions": f"{QUICK} -Dlog4j2.configurationFile=conf/log4j2.properties",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": events.as_uri(),
        "spark.eventLog.compress": "false",
        "spark.eventLog.rolling.enabled": "false",
    }
    confs = [word for key, value in settings.items() for word in ("--conf", f"{key}={value}")]
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return _run([str(BIN / "spark-submit"), *confs, "main.py", *arguments], {"PATH": path})


def sparkjobs(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`sparkjobs ARGUMENTS` where no Java can be found: what needs a JVM fails."""
    return _run([str(BIN / "sparkjobs"), *arguments], {"PATH": str(BIN), "JAVA_HOME": "/nowhere"})


def sparkjobs_with_java(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`sparkjobs ARGUMENTS` where Java is as everywhere."""
    return _run([str(BIN / "sparkjobs"), *arguments], {})


def _run(command: list[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("SPARK", "PYSPARK"))}
    ours = {
        "SPARK_CONF_DIR": str(ROOT / "conf"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": str(BIN / "python"),
    }
    env = {**inherited, **ours, **environment}
    return subprocess.run(
        command, cwd=ROOT, env=env, check=False, capture_output=True, encoding="utf-8", timeout=600
    )


def _demand_data() -> None:
    wanted = ("flights/*.csv", "weather/*.parquet", "airlines/*.csv", "airports/*.csv", "sales_data.csv")
    missing = [pattern for pattern in wanted if not any(LANDING.glob(pattern))]
    if missing:
        pytest.fail(f"{LANDING} has no {', '.join(missing)}; `make data` lays the demo data out")
