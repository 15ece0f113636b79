"""Incremental jobs through Spark: new rows once, nothing twice, nothing without a word."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from sparkjobs import upkeep
from sparkjobs.errors import AppendAgainError, LogicChangedError, UpstreamRewrittenError
from sparkjobs.plan import Window
from sparkjobs.results import Ledger
from tests.projects import executed, lay_out, planned, rows, run, table, write_project

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


PARTS = """
@job
def events(rows: DataFrame) -> DataFrame:
    return rows.select("id", "part")

@job
def copy(events: DataFrame) -> DataFrame:
    return events.groupBy("part").agg(F.sum("id").alias("total"), F.count("*").alias("events"))
"""


@pytest.mark.parametrize("table_format", ["delta", "parquet"])
def test_by_version_whole_partitions_are_made_anew_where_anything_changed(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    copy = copying("overwrite_partitions").replace("format: parquet", f"format: {table_format}")
    write_project(
        tmp_path,
        PARTS,
        {
            "conf/sources.yml": SOURCES,
            "conf/jobs/events.yml": EVENTS.replace("FORMAT", "delta"),
            "conf/jobs/copy.yml": copy,
        },
    )
    lay_out(tmp_path, {"landing/a.csv": "id,part\n1,x\n2,x\n5,y\n9,é\n"})
    run(spark, tmp_path)
    lay_out(tmp_path, {"landing/b.csv": "id,part\n3,x\n4,z\n"})

    first = run(spark, tmp_path)["copy"]
    spark.sql(f"DELETE FROM delta.`{tmp_path}/warehouse/events` WHERE part IN ('y', 'é')")  # noqa: S608 (a path)
    second = run(spark, tmp_path, "copy")["copy"]

    assert [one.read for one in first.ledgers] == [4]
    assert [one.read for one in second.ledgers] == [0]
    assert sorted(
        tuple(row)
        for row in table(spark, tmp_path / "warehouse/copy").select("part", "total", "events").collect()
    ) == [("x", 6, 3), ("z", 4, 1)]
    assert run(spark, tmp_path, "copy")["copy"].status == "no-op"


HOURLY = """
@job
def daily(rows: DataFrame) -> DataFrame:
    return rows.select("id", F.to_date("at").alias("day"))
"""
ROWS = """
rows:
  format: csv
  path: ${landing}/*.csv
  columns: {id: int, at: {type: timestamp, not_null: true}}
  bad_rows: {max_share: 0.5}
"""
DAILY = """
inputs: {rows: {source: rows}}
output: {format: FORMAT, path: "${warehouse}/daily", mode: overwrite_partitions, partition_by: [day]}
incremental: {by: interval, column: at, every: day, start: 2013-03-30, lookback: 1}
"""


def at(day: int, hour: int = 0) -> Window:
    return Window(datetime(2013, 4, day, hour, tzinfo=UTC))


def test_a_reset_that_comes_after_the_plan_is_not_forgotten(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path)
    run(spark, tmp_path)
    lay_out(tmp_path, {"landing/b.csv": "id,part\n3,x\n"})
    conf, plan = planned(tmp_path)
    upkeep.reset("events", tmp_path / "warehouse/events", "delta", "reset")

    (result,) = executed(spark, conf, plan).jobs

    assert "'events': its state was reset after the plan was made." in result.message
    assert run(spark, tmp_path)["events"].message == "its state was reset"


@pytest.mark.parametrize("table_format", ["delta", "parquet"])
def test_by_interval_missing_days_are_made_and_late_rows_open_the_last_again(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    write_project(
        tmp_path,
        HOURLY,
        {"conf/sources.yml": ROWS, "conf/jobs/daily.yml": DAILY.replace("FORMAT", table_format)},
    )
    # the hour that New York's clocks skip, and the first instant of a day that is not over
    lay_out(
        tmp_path,
        {
            "landing/a.csv": "id,at\n1,2013-03-31T02:30:00\n2,2013-04-01T23:59:59\n3,2013-04-02T00:00:00\n,\n4,\n"
        },
    )
    found = tmp_path / "warehouse/daily"

    first = run(spark, tmp_path, window=at(2, 5))["daily"]
    assert days(spark, found) == [(1, "2013-03-31"), (2, "2013-04-01")]
    assert [(one.read, one.valid, one.quarantined) for one in first.ledgers] == [(4, 2, 2)]
    assert run(spark, tmp_path, window=at(2, 23))["daily"].status == "no-op"

    lay_out(tmp_path, {"landing/late.csv": "id,at\n5,2013-04-01T12:00:00\n6,2013-03-30T12:00:00\n"})
    run(spark, tmp_path, window=at(3))
    assert days(spark, found) == [(1, "2013-03-31"), (2, "2013-04-01"), (3, "2013-04-02"), (5, "2013-04-01")]

    backfill = Window(at(3).now, datetime(2013, 3, 30, tzinfo=UTC), datetime(2013, 4, 1, tzinfo=UTC))
    (tmp_path / "landing/a.csv").unlink()
    run(spark, tmp_path, window=backfill)
    assert days(spark, found) == [(2, "2013-04-01"), (3, "2013-04-02"), (5, "2013-04-01"), (6, "2013-03-30")]


def days(spark: SparkSession, path: Path) -> list[tuple[object, ...]]:
    return sorted((row["id"], str(row["day"])) for row in table(spark, path).collect())


def test_a_row_outside_the_planned_intervals_replaces_no_partition(
    spark: SparkSession, tmp_path: Path
) -> None:
    stray = HOURLY.replace('F.to_date("at")', 'F.date_add(F.to_date("at"), 1)')
    write_project(
        tmp_path, stray, {"conf/sources.yml": ROWS, "conf/jobs/daily.yml": DAILY.replace("FORMAT", "delta")}
    )
    lay_out(tmp_path, {"landing/a.csv": "id,at\n2,2013-04-01T23:59:59\n"})

    result = run(spark, tmp_path, window=at(2))["daily"]

    assert result.status == "error"
    assert (
        "its result has rows for partitions that it was not to make, or not as a whole: {'day': '2013-04-02'}"
        in result.message
    )
    assert not (tmp_path / "warehouse/daily/_delta_log").exists()


def test_a_backfill_of_some_days_does_not_replace_their_month(spark: SparkSession, tmp_path: Path) -> None:
    monthly = HOURLY.replace('F.to_date("at")', 'F.date_format("at", "yyyy-MM")')
    conf = {"conf/sources.yml": ROWS, "conf/jobs/daily.yml": DAILY.replace("FORMAT", "parquet")}
    write_project(tmp_path, monthly, conf)
    lay_out(tmp_path, {"landing/a.csv": "id,at\n1,2013-04-01T12:00:00\n2,2013-04-02T12:00:00\n"})
    month_over = datetime(2013, 5, 1, tzinfo=UTC)
    assert run(spark, tmp_path, window=Window(month_over))["daily"].status == "success"

    backfill = Window(month_over, datetime(2013, 4, 1, tzinfo=UTC), datetime(2013, 4, 2, tzinfo=UTC))
    result = run(spark, tmp_path, window=backfill)["daily"]

    assert result.status == "error"
    assert "partitions that it was not to make, or not as a whole: {'day': '2013-04'}" in result.message
    assert days(spark, tmp_path / "warehouse/daily") == [(1, "2013-04"), (2, "2013-04")]


MERGED = """
@job
def latest(rows: DataFrame) -> DataFrame:
    return rows.select("id", "moved", "note")
"""
MOVED = """
rows:
  format: csv
  path: ${landing}/*.csv
  columns: {id: {type: int, not_null: true}, moved: TYPE, note: string}
"""
LATEST = """
inputs: {rows: {source: rows}}
output: {format: FORMAT, path: "${warehouse}/latest", mode: merge, keys: [id]}
incremental: {by: column, column: moved, lookback: LOOKBACK}
"""


@pytest.mark.parametrize(
    ("kind", "lookback", "old", "cases"),
    [
        ("int", "'1'", ("-1", "0"), {"tie": "0", "late": "-1", "too late": "-2", "null": "", "new": "7"}),
        (
            "timestamp",
            "2h",
            ("1969-12-31T22:00:00", "1970-01-01T00:00:00"),
            {
                "tie": "1970-01-01T00:00:00",
                "late": "1969-12-31T22:00:00",
                "too late": "1969-12-31T21:59:59",
                "null": "",
                "new": "2013-11-03T05:30:00",
            },
        ),
        (
            "date",
            "1d",
            ("2012-02-28", "2012-02-29"),
            {
                "tie": "2012-02-29",
                "late": "2012-02-28",
                "too late": "2012-02-27",
                "null": "",
                "new": "2012-03-01",
            },
        ),
    ],
)
def test_by_column_ties_late_rows_and_nulls_are_taken_and_merged_once(
    spark: SparkSession, tmp_path: Path, kind: str, lookback: str, old: tuple[str, ...], cases: dict[str, str]
) -> None:
    latest = LATEST.replace("FORMAT", "delta").replace("LOOKBACK", lookback)
    write_project(
        tmp_path, MERGED, {"conf/sources.yml": MOVED.replace("TYPE", kind), "conf/jobs/latest.yml": latest}
    )
    lay_out(
        tmp_path,
        {
            "landing/a.csv": "id,moved,note\n"
            + "".join(f"{number},{value},old\n" for number, value in enumerate(old))
        },
    )
    run(spark, tmp_path)
    lay_out(
        tmp_path,
        {
            "landing/b.csv": "id,moved,note\n"
            + "".join(f"{number},{value},{case}\n" for number, (case, value) in enumerate(cases.items(), 10))
        },
    )

    result = run(spark, tmp_path)["latest"]

    notes = sorted((row["id"], row["note"]) for row in table(spark, tmp_path / "warehouse/latest").collect())
    assert notes == [(0, "old"), (1, "old"), (10, "tie"), (11, "late"), (13, "null"), (14, "new")]
    assert [(one.read, one.high) for one in result.ledgers] == [(6, cases["new"].replace("T", " "))]
    assert run(spark, tmp_path)["latest"].status == "no-op"


def test_a_time_in_the_future_is_taken_and_does_not_move_the_mark(
    spark: SparkSession, tmp_path: Path
) -> None:
    latest = LATEST.replace("FORMAT", "parquet").replace(", lookback: LOOKBACK", "")
    write_project(
        tmp_path,
        MERGED,
        {"conf/sources.yml": MOVED.replace("TYPE", "timestamp"), "conf/jobs/latest.yml": latest},
    )
    lay_out(
        tmp_path,
        {"landing/a.csv": "id,moved,note\n1,9999-12-31T00:00:00,mistyped\n2,2013-01-01T00:00:00,old\n"},
    )
    planned_at = Window(datetime(2025, 12, 31, 12, tzinfo=UTC))  # the run itself is half a day later
    first = run(spark, tmp_path, window=planned_at)["latest"]
    lay_out(tmp_path, {"landing/b.csv": "id,moved,note\n3,2025-12-31T13:00:00,new\n"})

    run(spark, tmp_path)

    assert first.message == "first run"
    assert [one.high for one in first.ledgers] == ["2025-12-31 12:00:00"]
    assert [row[0] for row in rows(spark, tmp_path / "warehouse/latest")] == [1, 2, 3]


def test_a_function_that_looks_at_a_few_rows_does_not_lower_the_high_water_mark(
    spark: SparkSession, tmp_path: Path
) -> None:
    latest = LATEST.replace("FORMAT", "parquet").replace("LOOKBACK", "'1'")
    looking = MERGED.replace("    return", "    rows.first()\n    return")
    sources = MOVED.replace("TYPE", "int").replace("csv", "json")
    write_project(tmp_path, looking, {"conf/sources.yml": sources, "conf/jobs/latest.yml": latest})
    lines = "".join(f'{{"id": {moved}, "moved": {moved}, "note": ""}}\n' for moved in (1, 9, 5))
    lay_out(tmp_path, {"landing/a.json": lines})

    assert run(spark, tmp_path)["latest"].ledgers == (Ledger("rows", 3, 3, 0, "9"),)
