"""Runs that are compared with the records of the runs before them, and tables that tell how old they are."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from sparkjobs.freshness import age_of
from sparkjobs.record import Event, write_results
from sparkjobs.run import Orders, execute
from tests.projects import lay_out, planned, rows, write_project

SOURCES = "rows: {format: csv, path: '${landing}/*.csv', columns: {id: int, at: timestamp, day: date}}\n"
COPY = "@job\ndef out(rows: DataFrame) -> DataFrame:\n    return rows\n"
START = datetime(2026, 1, 1, tzinfo=UTC)
ANOMALY = "{of: row_count, max_change: 0.2, min_runs: 2}"


def _project(root: Path, output: str, checks: str, more: str = "") -> Path:
    text = f"inputs: {{rows: {{source: rows}}}}\noutput: {{path: '${{warehouse}}/out', {output}}}\n{checks}\n{more}"
    write_project(root, COPY, {"conf/sources.yml": SOURCES, "conf/jobs/out.yml": text})
    return root


def _run(spark: SparkSession, root: Path, count: int, *events: Event) -> Mapping[str, Any]:
    """A run of `count` rows on the next day, and what its record says of the job."""
    place = len(list(root.glob("target/runs/*")))
    lines = [f"{one},2026-01-01T{one % 24:02}:00:00Z,2026-01-01" for one in range(count)]
    lay_out(root, {"landing/a.csv": "\n".join(["id,at,day", *lines]) + "\n"})
    conf, plan = planned(root)
    emitted = list(events)
    orders = Orders(f"run{place}", lambda: START + timedelta(place), emitted.append)
    result = execute(lambda _: spark, conf, plan, orders)
    path = write_results(root / "target/runs" / f"run{place}", plan, result)
    (entry,) = json.loads(path.read_text())["results"]
    skipped = [event.facts.get("skipped") for event in emitted if event.name == "run_started"]
    return {**entry, "skipped": skipped[0]}


def _verdicts(entry: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    return [(one["name"], one["status"], one["observed"], one["source"]) for one in entry["checks"]]


@pytest.mark.parametrize("table_format", ["delta", "parquet"])
def test_a_run_that_is_unlike_those_before_it_publishes_nothing(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    root = _project(tmp_path, f"format: {table_format}", f"checks: [anomaly: {ANOMALY}]")

    entries = [_run(spark, root, count) for count in (10, 11, 12, 30, 10)]

    assert [_verdicts(entry) for entry in entries] == [
        [("anomaly(row_count)", "learning", "10; 0 of 2 runs to compare with", "history")],
        [("anomaly(row_count)", "learning", "11; 1 of 2 runs to compare with", "history")],
        [("anomaly(row_count)", "pass", "12, wanted 8.8 to 13.2 (max_change 0.2 from 11)", "history")],
        [("anomaly(row_count)", "fail", "30, wanted 9.6 to 14.4 (max_change 0.2 from 12)", "history")],
        [("anomaly(row_count)", "pass", "10, wanted 9.6 to 14.4 (max_change 0.2 from 12)", "history")],
    ]
    assert [entry["status"] for entry in entries] == ["success", "success", "success", "fail", "success"]
    assert [entry["published"] for entry in entries] == [10, 11, 12, None, 10]
    assert [entry["profile"]["rows"] for entry in entries] == [10, 11, 12, 30, 10]
    assert len(rows(spark, root / "warehouse/out")) == 10


def test_a_warning_publishes_and_is_the_next_run_s_past(spark: SparkSession, tmp_path: Path) -> None:
    anomaly = ANOMALY.replace("min_runs: 2", "min_runs: 1, severity: warn")
    root = _project(tmp_path, "format: parquet", f"checks: [anomaly: {anomaly}]")

    entries = [_run(spark, root, count) for count in (10, 30, 30)]

    assert [entry["checks"][0]["status"] for entry in entries] == ["learning", "warn", "pass"]
    assert [entry["published"] for entry in entries] == [10, 30, 30]


def test_a_profile_is_of_the_rows_that_come_into_the_table(spark: SparkSession, tmp_path: Path) -> None:
    root = _project(tmp_path, "format: delta, mode: merge, keys: [id], partition_by: [day]", "")

    first, second = _run(spark, root, 3), _run(spark, root, 5)

    assert (first["kind"], first["profile"]["rows"]) == ("whole", 3)
    assert (second["kind"], second["published"]) == ("merge", 2)
    profile = second["profile"]
    assert profile["rows"] == 2
    assert profile["columns"] == {
        "id": {"type": "integer", "nulls": 0, "min": 3, "max": 4},
        "at": {
            "type": "timestamp",
            "nulls": 0,
            "min": "2026-01-01T03:00:00+00:00",
            "max": "2026-01-01T04:00:00+00:00",
        },
        "day": {"type": "date", "nulls": 0, "min": None, "max": None},
    }


def test_records_are_read_only_where_a_check_compares_with_them(spark: SparkSession, tmp_path: Path) -> None:
    root = _project(tmp_path, "format: parquet", "checks: [row_count: {min: 1}]")
    lay_out(root, {"target/runs/damaged/run_results.json": "{"})

    without = _run(spark, root, 1)
    _project(root, "format: parquet", f"checks: [anomaly: {ANOMALY}]")
    compares = _run(spark, root, 2)

    path = root / "target/runs/damaged/run_results.json"
    assert without["skipped"] is None
    assert compares["skipped"] == (f"{path}: it is not as a run writes it",)
    assert compares["checks"][0]["observed"] == "2; 1 of 2 runs to compare with"


@pytest.mark.parametrize(
    "output", ["format: delta", "format: parquet", "format: parquet, partition_by: [day]"]
)
def test_a_table_that_a_run_has_made_tells_how_old_it_is(
    spark: SparkSession, tmp_path: Path, output: str
) -> None:
    root = _project(tmp_path, output, "", "freshness: {max_age: 1d, column: at}")
    before = datetime.now(UTC)  # noqa: TID251 (a commit is told by the clock of the machine)
    _run(spark, root, 5)
    conf, _ = planned(root)

    age = age_of("out", conf.jobs["out"], datetime(2026, 1, 2, 4, tzinfo=UTC))

    assert age.newest == datetime(2026, 1, 1, 4, tzinfo=UTC)
    assert age.published is not None
    assert timedelta(seconds=-1) < age.published - before < timedelta(seconds=60)
    assert age.verdict == "fresh"
    assert age_of("out", conf.jobs["out"], age.published).verdict == "stale"
