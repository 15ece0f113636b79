"""The demo project on clusters: the same tables as on one machine, whatever happens to an executor."""

import http.client
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.package import PACKAGES, pack
from tests.cluster.standalone import Cluster, free_ports, start, stop
from tests.cluster.submit import ROOT, Submission, assert_same_rows, rows_of, run, submitted
from tests.e2e.demo import Demo
from tests.event_log import environment, events

pytestmark = pytest.mark.cluster

TABLES = (
    *("airport_hourly", "carrier_daily", "late_departures", "product_sales", "route_delays", "stg_flights"),
    *("stg_weather", "worst_days"),
)
SMALL = {"spark.databricks.delta.snapshotPartitions": "3"}
"""Fifty tasks for the log of a small table cost more than all else here."""

YAML_KEY = "spark.sql.adaptive.coalescePartitions.parallelismFirst"
"""conf/sparkjobs.yml says false."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    running = start(tmp_path_factory.mktemp("cluster"))
    yield running
    stop(running)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("package") / "sparkjobs.zip"
    pack(target, *(ROOT / package for package in PACKAGES))
    return target


@pytest.fixture(scope="module")
def on_the_cluster(cluster: Cluster, package: Path, tmp_path_factory: pytest.TempPathFactory) -> Submission:
    said = {**SMALL, YAML_KEY: "true", "spark.driver.host": "localhost"}
    return run(cluster.url, tmp_path_factory.mktemp("all") / "run", conf=said, py_files=package)


@pytest.mark.parametrize("table", TABLES)
def test_a_cluster_publishes_what_one_machine_publishes(
    on_the_cluster: Submission, demo: Demo, table: str
) -> None:
    assert on_the_cluster.process.returncode == 0, on_the_cluster.output
    assert_same_rows(on_the_cluster.table(table), demo.table(table))


def test_a_cluster_has_the_same_ledgers_as_one_machine(on_the_cluster: Submission, demo: Demo) -> None:
    assert on_the_cluster.ledgers == {job: one["ledger"] for job, one in demo.jobs.items()}
    assert on_the_cluster.ledgers["stg_flights"] == {
        "flights": {"read": 336776, "valid": 336597, "quarantined": 179}
    }


def test_both_workers_take_part(on_the_cluster: Submission) -> None:
    tasks = events(on_the_cluster.event_log, "SparkListenerTaskEnd")
    assert {task["Task Info"]["Executor ID"] for task in tasks} == {"0", "1"}


def test_no_local_setting_leaks_to_a_cluster(on_the_cluster: Submission) -> None:
    found = environment(on_the_cluster.event_log)
    assert found["spark.driver.host"] == "localhost"
    assert not found.keys() & {
        "spark.driver.bindAddress",
        "spark.sql.shuffle.partitions",
        "spark.sql.sources.parallelPartitionDiscovery.parallelism",
        "spark.ui.enabled",
        "spark.ui.showConsoleProgress",
    }


def test_what_the_command_line_says_wins_over_yaml_and_over_local_settings(
    on_the_cluster: Submission, cluster: Cluster
) -> None:
    found = environment(on_the_cluster.event_log)
    assert found["spark.master"] == cluster.url
    assert found[YAML_KEY] == "true"
    assert found["spark.databricks.delta.snapshotPartitions"] == "3"


def test_yaml_and_local_settings_fill_what_nobody_said(demo: Demo) -> None:
    found = environment(demo.event_log)
    assert found[YAML_KEY] == "false"
    assert found["spark.ui.enabled"] == "false"
    assert found["spark.driver.bindAddress"] == "127.0.0.1"


def test_the_application_is_called_after_the_project(on_the_cluster: Submission) -> None:
    assert environment(on_the_cluster.event_log)["spark.app.name"] == "sparkjobs demo"


def test_a_run_that_loses_an_executor_publishes_the_same(
    cluster: Cluster, demo: Demo, tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    said = {**SMALL, "spark.ui.port": str(port)}
    with submitted(cluster.url, tmp_path / "run", "+carrier_daily", "route_delays", conf=said) as submission:
        _kill_an_executor_that_works_for(submission, "stg_flights", port)
        submission.ended()

    assert submission.process.returncode == 0, submission.output
    removed = events(submission.event_log, "SparkListenerExecutorRemoved")
    assert len(removed) == 1, removed
    reasons = [task["Task End Reason"] for task in events(submission.event_log, "SparkListenerTaskEnd")]
    assert {"ExecutorLostFailure"} <= {reason["Reason"] for reason in reasons}
    for table in ("stg_flights", "carrier_daily", "route_delays"):
        assert_same_rows(submission.table(table), demo.table(table))
        assert submission.ledgers[table] == demo.jobs[table]["ledger"]


def test_executors_import_a_job_s_helpers_from_the_zip(tmp_path: Path) -> None:
    project = _project_with_a_udf(tmp_path)
    code = tmp_path / "shop.zip"
    pack(code, ROOT / "src/sparkjobs", project / "shop")

    submission = run("local-cluster[2,1,1024]", tmp_path / "run", f"--project={project}", py_files=code)

    assert submission.process.returncode == 0, submission.output
    assert rows_of(submission.table("labels")).to_pylist() == [{"label": "APPLE"}, {"label": "PEAR"}]


def test_without_the_zip_executors_know_no_helper(cluster: Cluster, tmp_path: Path) -> None:
    project = _project_with_a_udf(tmp_path)

    submission = run(cluster.url, tmp_path / "run", f"--project={project}")

    assert submission.process.returncode == 1
    failures = [task["Task End Reason"] for task in events(submission.event_log, "SparkListenerTaskEnd")]
    assert any(
        "No module named 'shop'" in reason.get("Description", "") + reason.get("Full Stack Trace", "")
        for reason in failures
    )


def _project_with_a_udf(folder: Path) -> Path:
    """A project whose job calls, in a UDF, a helper that only its own package has."""
    project = folder / "project"
    texts = {
        "conf/sparkjobs.yml": (
            "name: shop\njobs: [shop]\n"
            f"paths: {{landing: {project}/landing, warehouse: data/warehouse, artifacts: target}}\n"
        ),
        "conf/sources.yml": (
            "words:\n  format: csv\n  path: ${landing}/*.csv\n  columns: {word: {type: string, not_null: true}}\n"
        ),
        "conf/jobs/labels.yml": (
            'inputs: {words: {source: words}}\noutput: {format: parquet, path: "${warehouse}/labels"}\n'
        ),
        "shop/__init__.py": "",
        "shop/text.py": "def loud(word: str) -> str:\n    return word.upper()\n",
        "shop/labels.py": (
            "from pyspark.sql import DataFrame\n"
            "from pyspark.sql import functions as F\n"
            "from shop.text import loud\n"
            "from sparkjobs import job\n\n"
            "@job\ndef labels(words: DataFrame) -> DataFrame:\n"
            '    return words.select(F.udf(loud, "string")("word").alias("label"))\n'
        ),
        "landing/words.csv": "word\napple\npear\n",
    }
    for name, text in texts.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return project


def _kill_an_executor_that_works_for(submission: Submission, job: str, port: int) -> None:
    """SIGKILL one executor of this very application while it computes a task of `job`."""
    until = time.monotonic() + 300
    while time.monotonic() < until and submission.process.poll() is None:
        time.sleep(0.1)
        applications = _driver_says(port, "")
        if not applications:
            continue
        name = applications[0]["id"]
        running = _driver_says(port, f"/{name}/jobs?status=running")
        if not any(one.get("description") == job for one in running):
            continue
        busy = [one["id"] for one in _driver_says(port, f"/{name}/executors") if one["activeTasks"]]
        if busy:
            os.kill(_executor_process(name, busy[0]), signal.SIGKILL)
            return
    pytest.fail(f"no executor was seen to work for {job}\n{submission.output}")


def _driver_says(port: int, path: str) -> list[dict[str, Any]]:
    """An answer of the driver's REST API; nothing while it has none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", f"/api/v1/applications{path}")
        return list(json.loads(connection.getresponse().read()))
    except (OSError, http.client.HTTPException, ValueError):
        return []
    finally:
        connection.close()


def _executor_process(application: str, executor: str) -> int:
    processes = subprocess.run(["ps", "-ww", "-eo", "pid=,args="], capture_output=True, text=True, check=True)
    wanted = ("java", "CoarseGrainedExecutorBackend", f"--app-id {application}", f"--executor-id {executor} ")
    (pid,) = (
        int(line.split(None, 1)[0])
        for line in processes.stdout.splitlines()
        if all(part in line for part in wanted)
    )
    return pid
