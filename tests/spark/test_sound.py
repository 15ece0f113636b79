"""Sources that demand nothing of their rows: counted by their footers, and read no further than a job asks."""

from pathlib import Path

import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet as pq
import pytest
from delta.tables import DeltaTable
from pyspark.sql import SparkSession

from sparkjobs.read import Incoming, Sound
from sparkjobs.results import Ledger
from sparkjobs.session import with_settings
from tests.event_log import log_of, scans
from tests.projects import rows as published
from tests.projects import run, write_project
from tests.spark.inputs import incoming_of

CODE = """
@job
def late(rows: DataFrame) -> DataFrame:
    return rows.filter((F.col("month") == "2") & (F.col("id") > 4))


@job
def some(rows: DataFrame) -> DataFrame:
    return rows.limit(1)


@job
def total(rows: DataFrame) -> DataFrame:
    return rows.groupBy("month").agg(F.sum("id").alias("id"))
"""


def laid_out(root: Path, source: str) -> None:
    """Six rows in three months, a folder each."""
    form = "orc" if "orc" in source else "parquet"
    jobs = {
        f"conf/jobs/{name}.yml": "inputs: {rows: {source: rows}}\n"
        f"output: {{format: parquet, path: '${{warehouse}}/{name}'}}\n"
        for name in ("late", "some", "total")
    }
    write_project(root, CODE, {"conf/sources.yml": f"rows: {{path: '${{landing}}', {source}}}\n", **jobs})
    for month in (1, 2, 3):
        path = root / f"landing/month={month}/a.{form}"
        path.parent.mkdir(parents=True)
        table = pa.table({"id": pa.array([2 * month, 2 * month + 1], pa.int32())})
        (pyarrow.orc.write_table if form == "orc" else pq.write_table)(table, path)


def rows_scanned(spark: SparkSession, root: Path) -> list[int]:
    """How many rows each scan of the landed files has brought."""
    return [one.rows for one in scans(log_of(spark)) if str(root / "landing") in one.path]


def cached(spark: SparkSession) -> set[int]:
    """What Spark keeps of frames, by its numbers."""
    return set(spark.sparkContext._jsc.getPersistentRDDs())  # noqa: SLF001 (nothing else tells)


@pytest.mark.parametrize("source", ["format: parquet", "format: orc"])
def test_all_rows_are_counted_and_those_of_other_partitions_not_read(
    spark: SparkSession, tmp_path: Path, source: str
) -> None:
    laid_out(tmp_path, source)

    result = run(spark, tmp_path, "late")["late"]

    assert result.ledgers == (Ledger("rows", 6, 6, 0),)
    assert published(spark, tmp_path / "warehouse/late") == [(5, "2")]
    assert rows_scanned(spark, tmp_path) == [2]


def test_a_job_that_stops_early_needs_no_second_look(spark: SparkSession, tmp_path: Path) -> None:
    laid_out(tmp_path, "format: parquet")

    result = run(spark, tmp_path, "some")["some"]

    assert result.ledgers == (Ledger("rows", 6, 6, 0),)
    assert len(rows_scanned(spark, tmp_path)) == 1


def test_what_several_jobs_read_is_read_once(spark: SparkSession, tmp_path: Path) -> None:
    laid_out(tmp_path, "format: parquet")
    before = cached(spark)

    results = run(spark, tmp_path)

    assert [results[name].ledgers for name in ("late", "some", "total")] == [(Ledger("rows", 6, 6, 0),)] * 3
    assert published(spark, tmp_path / "warehouse/total") == [("1", 5), ("2", 9), ("3", 13)]
    assert rows_scanned(spark, tmp_path) == [6]
    assert cached(spark) <= before


@pytest.mark.parametrize(
    "demand",
    [
        "columns: {id: {type: int, between: [2, 6]}, month: string}",
        "rules: [between: {column: id, min: 2, max: 6}]",
    ],
)
def test_a_source_that_demands_something_has_each_row_looked_at(
    spark: SparkSession, tmp_path: Path, demand: str
) -> None:
    laid_out(tmp_path, f"format: parquet, {demand}, bad_rows: {{max_share: 1.0}}")

    result = run(spark, tmp_path, "late")["late"]

    assert result.ledgers == (Ledger("rows", 6, 5, 1),)
    assert rows_scanned(spark, tmp_path)[0] == 6


def test_a_key_that_comes_twice_is_a_demand_too(spark: SparkSession, tmp_path: Path) -> None:
    laid_out(
        tmp_path,
        "format: parquet, unique: {keys: [month], order_by: [id]}, bad_rows: {max_share: 1.0}",
    )

    assert run(spark, tmp_path, "total")["total"].ledgers == (Ledger("rows", 6, 3, 3),)


@pytest.mark.parametrize(
    ("vectors", "kind"),
    [("false", Sound), ("true", Incoming)],
)
def test_a_delta_table_is_counted_by_its_log_where_that_tells(
    spark: SparkSession, tmp_path: Path, vectors: str, kind: type
) -> None:
    path = tmp_path / "in"
    writer = spark.range(5).repartition(1).write.format("delta")
    writer.option("delta.enableDeletionVectors", vectors).save(str(path))
    DeltaTable.forPath(spark, str(path)).delete("id = 3")

    found = incoming_of(spark, tmp_path, "format: delta\npath: in\n")

    assert found.rows.count() == 4
    assert type(found) is kind
    assert getattr(found, "count", 4) == 4


def test_a_file_of_which_the_log_does_not_tell_the_rows_is_counted_where_it_is_read(
    spark: SparkSession, tmp_path: Path
) -> None:
    with with_settings(spark, {"spark.databricks.delta.stats.collect": False}):
        spark.range(5).write.format("delta").save(str(tmp_path / "in"))

    assert isinstance(incoming_of(spark, tmp_path, "format: delta\npath: in\n"), Incoming)
