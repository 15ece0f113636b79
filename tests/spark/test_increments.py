"""Incremental jobs through Spark: new rows once, nothing twice, nothing without a word."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from sparkjobs.errors import AppendAgainError, LogicChangedError, UpstreamRewrittenError
from tests.projects import lay_out, planned, rows, run, write_project

CODE = """
@job
def events(rows: DataFrame) -> DataFrame:
    return rows.select("id", "part")

@job
def copy(events: DataFrame) -> DataFrame:
    return events.select("id", "part")
"""
SOURCES = """
rows:
  format: csv
  path: ${landing}/*.csv
  columns: {id: int, part: string}
"""
EVENTS = """
inputs: {rows: {source: rows}}
output: {format: FORMAT, path: "${warehouse}/events", mode: append, partition_by: [part]}
incremental: {by: files}
"""
COPY = """
inputs: {events: {ref: events}}
output: {format: parquet, path: "${warehouse}/copy", mode: MODE, partition_by: [part]}
incremental: {by: version, ON}
"""


def project(root: Path, table_format: str = "delta", copy: str | None = None) -> None:
    """`events` appends new files; `copy` takes what `events` was given."""
    code = CODE if copy else CODE[: CODE.index("@job\ndef copy")]
    files = {"conf/sources.yml": SOURCES, "conf/jobs/events.yml": EVENTS.replace("FORMAT", table_format)}
    write_project(root, code, files | ({"conf/jobs/copy.yml": copy} if copy else {}))
    lay_out(root, {"landing/a.csv": "id,part\n1,x\n2,y\n"})


def copying(mode: str = "append", on: str = "on_rewrite: fail") -> str:
    return COPY.replace("MODE", mode).replace("ON", on)


@pytest.mark.parametrize("table_format", ["delta", "parquet"])
def test_by_files_a_run_appends_new_files_and_an_unchanged_input_is_no_run(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    project(tmp_path, table_format)
    table = tmp_path / "warehouse/events"
    run(spark, tmp_path)
    lay_out(tmp_path, {"landing/b.csv": "id,part\n3,x\n"})

    _, plan = planned(tmp_path)
    result = run(spark, tmp_path)["events"]

    assert plan.jobs[0].reasons == ("rows has 1 new files",)
    assert [(one.read, one.valid) for one in result.ledgers] == [(1, 1)]
    assert rows(spark, table) == [(1, "x"), (2, "y"), (3, "x")]
    assert run(spark, tmp_path)["events"].status == "no-op"


def test_a_file_that_was_appended_and_then_changed_is_refused(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path)
    run(spark, tmp_path)
    lay_out(tmp_path, {"landing/a.csv": "id,part\n1,x\n2,y\n3,z\n"})

    with pytest.raises(AppendAgainError, match=r"1 files that were appended before, such as landing/a\.csv"):
        planned(tmp_path)


def test_a_file_that_is_gone_is_told_and_its_rows_stay(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path)
    run(spark, tmp_path)
    (tmp_path / "landing/a.csv").unlink()
    lay_out(tmp_path, {"landing/b.csv": "id,part\n3,x\n"})

    _, plan = planned(tmp_path)
    run(spark, tmp_path)

    (warning,) = plan.jobs[0].warnings
    assert warning == "rows: 1 files that were published are gone, such as landing/a.csv; their rows stay"
    assert rows(spark, tmp_path / "warehouse/events") == [(1, "x"), (2, "y"), (3, "x")]


def test_changed_code_stops_an_incremental_job_until_somebody_chooses(
    spark: SparkSession, tmp_path: Path
) -> None:
    project(tmp_path)
    run(spark, tmp_path)
    lay_out(tmp_path, {"landing/b.csv": "id,part\n3,x\n"})
    write_project(
        tmp_path,
        CODE[: CODE.index("@job\ndef copy")].replace('"id", "part"', '"id", F.upper("part").alias("part")'),
        {},
    )

    with pytest.raises(LogicChangedError, match="its code changed"):
        planned(tmp_path)
    _, plan = planned(tmp_path, sets=("jobs.events.incremental.on_change=full_refresh",))
    result = run(spark, tmp_path, full_refresh=True)["events"]

    assert (plan.jobs[0].mode, plan.jobs[0].reasons) == ("overwrite", ("code changed",))
    assert result.published is not None
    assert result.published.version == 1  # one commit
    assert rows(spark, tmp_path / "warehouse/events") == [(1, "X"), (2, "Y"), (3, "X")]


def test_by_version_a_run_takes_the_rows_that_were_added(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path, copy=copying())
    run(spark, tmp_path)
    lay_out(tmp_path, {"landing/b.csv": "id,part\n3,x\n4,z\n"})

    result = run(spark, tmp_path)["copy"]

    assert [(one.input, one.read) for one in result.ledgers] == [("events", 2)]
    assert rows(spark, tmp_path / "warehouse/copy") == [(1, "x"), (2, "y"), (3, "x"), (4, "z")]
    assert run(spark, tmp_path)["copy"].status == "no-op"


def test_versions_that_add_no_rows_are_no_reason_to_run(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path, copy=copying())
    run(spark, tmp_path)
    spark.sql(f"OPTIMIZE delta.`{tmp_path}/warehouse/events`")
    lay_out(tmp_path, {"landing/b.csv": "id,part\n3,x\n"})
    run(spark, tmp_path, "events")
    spark.sql(f"OPTIMIZE delta.`{tmp_path}/warehouse/events`")

    result = run(spark, tmp_path, "copy")["copy"]

    assert [one.read for one in result.ledgers] == [1]
    assert rows(spark, tmp_path / "warehouse/copy") == [(1, "x"), (2, "y"), (3, "x")]
    spark.sql(f"OPTIMIZE delta.`{tmp_path}/warehouse/events`")
    assert run(spark, tmp_path, "copy")["copy"].status == "no-op"


def test_an_upstream_that_was_made_anew_stops_its_reader(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path, copy=copying())
    run(spark, tmp_path)
    lay_out(tmp_path, {"landing/a.csv": "id,part\n7,x\n"})
    run(spark, tmp_path, "events", full_refresh=True)

    with pytest.raises(UpstreamRewrittenError, match="version 1 removed or changed some of them"):
        planned(tmp_path, "copy")
    result = run(spark, tmp_path, sets=("jobs.copy.incremental.on_rewrite=full_refresh",))["copy"]

    assert result.status == "success"
    assert rows(spark, tmp_path / "warehouse/copy") == [(7, "x")]


@pytest.mark.parametrize(
    ("choice", "status", "found"),
    [("fail", "error", [(1, "x"), (2, "y")]), ("full_refresh", "success", [(7, "x")])],
)
def test_an_upstream_that_is_made_anew_in_the_same_run_is_met_as_its_reader_says(
    spark: SparkSession, tmp_path: Path, choice: str, status: str, found: list[tuple[object, ...]]
) -> None:
    project(tmp_path, copy=copying(on=f"on_rewrite: {choice}"))
    run(spark, tmp_path)
    lay_out(tmp_path, {"landing/a.csv": "id,part\n7,x\n"})
    anew = ("sources.rows.on_empty=accept", "jobs.events.incremental.on_change=full_refresh")

    result = run(spark, tmp_path, sets=anew)

    assert (result["events"].status, result["copy"].status) == ("success", status)
    assert rows(spark, tmp_path / "warehouse/copy") == found
