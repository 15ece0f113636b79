"""What `plan --explain` finds of real tables, by no Spark job that reads their rows."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from sparkjobs.figures import Scan
from sparkjobs.foresight import scans_of
from sparkjobs.plan import Scans
from sparkjobs.scans import scans
from tests.projects import NOW, planned, run, write_project

CODE = """
@job
def flights(rows: DataFrame) -> DataFrame:
    return rows.select("month", "id")


@job
def january(flights: DataFrame) -> DataFrame:
    return flights.filter((F.col("month") == 1) & (F.col("id") > 1)).select("id")


@job
def either(flights: DataFrame) -> DataFrame:
    return flights.filter((F.col("month") == 1) | (F.col("id") > 3)).select("id")


@job
def broken(flights: DataFrame) -> DataFrame:
    return flights.select("no_such_column")


@job
def counted(flights: DataFrame, rows: DataFrame) -> DataFrame:
    return flights.select("id")
"""
SOURCES = "rows:\n  format: csv\n  path: ${landing}/*.csv\n  columns: {month: int, id: int}\n"
READERS = {
    "january": "inputs: {flights: {ref: flights}}",
    "either": "inputs: {flights: {ref: flights}}",
    "broken": "inputs: {flights: {ref: flights}}",
    "counted": "inputs: {flights: {ref: flights}, rows: {source: rows}}\ncache: [rows]",
}


def laid_out(root: Path, table_format: str) -> None:
    """A table by month, and jobs that read it."""
    table = f"format: {table_format}, path: '${{warehouse}}/flights', partition_by: [month]"
    readers = {
        f"conf/jobs/{name}.yml": f"{inputs}\noutput: {{format: parquet, path: '${{warehouse}}/{name}'}}\n"
        for name, inputs in READERS.items()
    }
    write_project(
        root,
        CODE,
        {
            "conf/sources.yml": SOURCES,
            "conf/jobs/flights.yml": f"inputs: {{rows: {{source: rows}}}}\noutput: {{{table}}}\n",
            "landing/a.csv": "month,id\n1,1\n1,2\n2,3\n3,4\n",
            **readers,
        },
    )


def explained(
    spark: SparkSession, root: Path, *select: str, full_refresh: bool = False
) -> Mapping[str, Scans]:
    """What is found of the selected jobs; nothing is written for it, and no Spark job reads a table's rows."""
    conf, plan = planned(root, *select, full_refresh=full_refresh)
    before, group = written(root), f"explain {root}"
    spark.sparkContext.setJobGroup(group, "")
    found = scans_of(lambda _: spark, conf, plan, NOW.now)
    assert jobs(spark, group) == []
    assert written(root) == before
    return found


def jobs(spark: SparkSession, group: str) -> list[str]:
    """Where the Spark jobs of a group were started, but for those in which Delta asks its own log."""
    context = spark.sparkContext._jsc.sc()  # noqa: SLF001 (there is no other way to the name of a Spark job)
    context.listenerBus().waitUntilEmpty()
    numbers = spark.sparkContext.statusTracker().getJobIdsForGroup(group)
    told = [str(context.statusStore().job(number).name()) for number in numbers]
    return [one for one in told if "recordDeltaOperation" not in one]


def written(root: Path) -> dict[str, int]:
    """Every file below `root`, and when it was written."""
    files = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path): path.stat().st_mtime_ns for path in files}


def whole(root: Path) -> Scan:
    """A scan of the table that chooses nothing."""
    return Scan(str(root / "warehouse/flights"), ("month",), (), (), (), partitions=3, files=3)


@pytest.mark.parametrize("table_format", ["parquet", "delta"])
def test_a_condition_on_the_partition_column_chooses_partitions(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    laid_out(tmp_path, table_format)
    run(spark, tmp_path, "flights")

    found = explained(spark, tmp_path, "january")

    scan = replace(
        whole(tmp_path),
        partition_filters=("(month IS NOT NULL)", "(month = 1)"),
        pushed_filters=("IsNotNull(id)", "GreaterThan(id,1)"),
        data_filters=("(id IS NOT NULL)", "(id > 1)"),
        partitions=1,
        files=1,
    )
    assert found == {"january": Scans((scan,))}


@pytest.mark.parametrize("table_format", ["parquet", "delta"])
def test_a_condition_that_names_other_columns_too_chooses_none(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    laid_out(tmp_path, table_format)
    run(spark, tmp_path, "flights")

    found = explained(spark, tmp_path, "either")

    assert found == {"either": Scans((whole(tmp_path),))}


def test_a_table_that_several_jobs_share_is_read_whole(spark: SparkSession, tmp_path: Path) -> None:
    laid_out(tmp_path, "parquet")
    run(spark, tmp_path, "flights")

    found = explained(spark, tmp_path, "january", "either")

    assert found == {"january": Scans((whole(tmp_path),)), "either": Scans((whole(tmp_path),))}


def test_a_table_that_is_made_anew_before_is_looked_at_as_it_is(spark: SparkSession, tmp_path: Path) -> None:
    laid_out(tmp_path, "parquet")
    run(spark, tmp_path, "flights")

    found = explained(spark, tmp_path, "flights", "either", full_refresh=True)

    assert found["either"] == Scans((whole(tmp_path),), frozenset({"flights"}))
    assert [scan.path for scan in found["flights"].found] == [str(tmp_path / "landing/a.csv")]


def test_a_table_that_was_never_published_says_nothing_yet(spark: SparkSession, tmp_path: Path) -> None:
    laid_out(tmp_path, "delta")

    found = explained(spark, tmp_path, "flights", "either")

    assert found["either"] == Scans(unknown="flights must be published first")


def test_what_subqueries_read_and_what_they_choose_is_told(spark: SparkSession, tmp_path: Path) -> None:
    for name in ("rows", "months"):
        spark.range(12).select("id", F.col("id").alias("month")).write.partitionBy("month").parquet(
            str(tmp_path / name)
        )
    rows, months = (
        spark.read.schema("id long, month long").parquet(str(tmp_path / one)) for one in ("rows", "months")
    )

    dynamic = scans(rows.join(F.broadcast(months.filter("id = 3")), on="month", how="left_semi"))
    scalar = scans(rows.filter(F.col("month") == months.agg(F.max("id")).scalar()))

    filters = {Path(one.path).name: one.partition_filters for one in dynamic}
    assert filters["rows"] == ("(month IS NOT NULL)", "dynamicpruningexpression(insubquery(month))")
    filters = {Path(one.path).name: one.partition_filters for one in scalar}
    assert filters == {"rows": ("(month IS NOT NULL)", "(month = scalarsubquery())"), "months": ()}


def test_a_function_that_fails_hides_no_other_job(spark: SparkSession, tmp_path: Path) -> None:
    laid_out(tmp_path, "parquet")
    run(spark, tmp_path, "flights")

    found = explained(spark, tmp_path, "broken", "counted")

    assert found["counted"] == Scans((whole(tmp_path),))
    assert "'broken': its function raised at " in str(found["broken"].unknown)
