"""What a run advises, from what Spark remembers of real jobs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from sparkjobs import jvm
from sparkjobs.figures import IdleFilter
from sparkjobs.results import Advice
from sparkjobs.scans import idle_filters
from tests.projects import lay_out, run, write_project
from tests.spark.test_explain import jobs, laid_out

MONTHS = 12


@pytest.mark.parametrize("table_format", ["parquet", "delta"])
def test_a_condition_that_leaves_no_partition_out_is_told_after_the_run(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    laid_out(tmp_path, table_format)
    run(spark, tmp_path, "flights")

    advice = {job: run(spark, tmp_path, job)[job].advice for job in ("january", "either")}

    told = "it read every partition of flights (by month): ((month = 1) OR (id > 3)) left none out"
    remedy = "filter by partition columns alone, in a condition of its own"
    assert advice == {"january": (), "either": (Advice("unpruned", told, remedy),)}


SOURCE = """
@job
def some(flights: DataFrame) -> DataFrame:
    return flights.filter(F.col("{}") == 1).select("id")
"""


READ = "it read every partition of flights (by month): (month = 1) left none out"


@pytest.mark.parametrize(("column", "texts"), [("month", [READ]), ("id", [])])
def test_the_folders_of_a_source_are_all_read_whatever_the_function_filters_by(
    spark: SparkSession, tmp_path: Path, column: str, texts: list[str]
) -> None:
    rows = pa.table({"month": [1, 1, 2], "id": [1, 2, 3]})
    pq.write_to_dataset(rows, tmp_path / "landing/flights", partition_cols=["month"])
    source = "flights:\n  format: parquet\n  path: ${landing}/flights\n  columns: {month: {type: int, not_null: true}, id: bigint}\n"
    job = "inputs: {flights: {source: flights}}\noutput: {format: parquet, path: '${warehouse}/some'}\n"
    write_project(tmp_path, SOURCE.format(column), {"conf/sources.yml": source, "conf/jobs/some.yml": job})

    advice = run(spark, tmp_path)["some"].advice

    assert [one.text for one in advice] == texts
    assert all("so only a narrower `path:` of flights leaves folders out" in one.remedy for one in advice)


def by_month(spark: SparkSession, folder: Path) -> DataFrame:
    """A Parquet table by month: month, id."""
    if not folder.exists():
        spark.range(MONTHS).select((F.col("id") % MONTHS).alias("month"), "id").write.partitionBy(
            "month"
        ).parquet(str(folder))
    return spark.read.schema("id long, month int").parquet(str(folder))


def either(rows: DataFrame) -> DataFrame:
    return rows.filter((F.col("month") == 1) | (F.col("id") == 7))


def latest(rows: DataFrame) -> DataFrame:
    place = F.row_number().over(Window.partitionBy("id").orderBy("month"))
    return rows.withColumn("place", place).filter((F.col("place") == 1) & (F.col("month") == 1))


def absent(rows: DataFrame) -> DataFrame:
    keys = rows.sparkSession.range(20)
    return keys.join(rows, on="id", how="left").filter(F.col("month").isNull())


def functions(rows: DataFrame) -> DataFrame:
    return rows.filter(F.concat(F.col("month").cast("string"), F.lit("x")) == "1x")


def twice(rows: DataFrame) -> DataFrame:
    return rows.filter(F.col("month") == 1).join(rows.select("id"), on="id", how="inner")


def other(rows: DataFrame) -> DataFrame:
    return rows.filter(F.col("id") == 7)


def test_a_condition_with_another_column_in_it_is_idle(spark: SparkSession, tmp_path: Path) -> None:
    rows = by_month(spark, tmp_path / "table")

    assert idle_filters(either(rows)) == (
        IdleFilter(str(tmp_path / "table"), ("month",), "((month = 1) OR (id = 7L))"),
    )
    assert idle_filters(either(rows).select("id").union(rows.select("id").limit(1))) == (
        IdleFilter(str(tmp_path / "table"), ("month",), "((month = 1) OR (id = 7L))"),
    )


@pytest.mark.parametrize("told", [latest, absent, functions, twice, other])
def test_a_condition_that_prunes_or_could_not_be_asked_before_is_not_idle(
    spark: SparkSession, tmp_path: Path, told: Callable[[DataFrame], DataFrame]
) -> None:
    assert idle_filters(told(by_month(spark, tmp_path / "table"))) == ()


def test_a_cached_table_is_read_whole_on_purpose(spark: SparkSession, tmp_path: Path) -> None:
    rows = by_month(spark, tmp_path / "table").persist()

    assert idle_filters(either(rows)) == ()
    rows.unpersist()


def test_advice_takes_no_spark_job(spark: SparkSession, tmp_path: Path) -> None:
    rows = by_month(spark, tmp_path / "table")
    spark.sparkContext.setJobGroup(str(tmp_path), "")

    assert idle_filters(either(rows))
    jvm.stages(spark, "run", "none", long_ms=0)

    assert jobs(spark, str(tmp_path)) == []


@contextmanager
def settings(spark: SparkSession, wanted: dict[str, str]) -> Iterator[None]:
    """The session with other settings, for a while."""
    for name, value in wanted.items():
        spark.conf.set(name, value)
    yield
    for name in wanted:
        spark.conf.unset(name)


def test_a_stage_is_remembered_with_what_it_spilled(spark: SparkSession) -> None:
    jvm.label(spark, "run", "spills")
    buffer = "spark.sql.windowExec.buffer"
    sums = F.sum("id").over(Window.partitionBy(F.col("id") % 1))
    with settings(spark, {f"{buffer}.in.memory.threshold": "1", f"{buffer}.spill.threshold": "100"}):
        spark.range(1_000).select(sums).write.format("noop").mode("overwrite").save()

    jvm.label(spark, "run", "does not")
    spark.range(1_000).select("id").write.format("noop").mode("overwrite").save()

    assert sum(one.spilled > 0 for one in jvm.stages(spark, "run", "spills", long_ms=0)) == 1
    assert [one.spilled for one in jvm.stages(spark, "run", "does not", long_ms=0)] == [0]


def test_a_stage_is_remembered_with_the_task_that_got_most_rows(spark: SparkSession) -> None:
    jvm.label(spark, "run", "skewed")
    key = F.when(F.col("id") < 99_990, 0).otherwise(F.col("id"))
    with settings(spark, {"spark.sql.adaptive.enabled": "false"}):
        rows = spark.range(100_000).withColumn("key", key).repartition(5, "key")
        rows.write.format("noop").mode("overwrite").save()

    last = jvm.stages(spark, "run", "skewed", long_ms=0)[-1]

    assert last.tasks is not None
    assert last.tasks.count == 5
    assert last.tasks.shuffled.greatest > 100 * last.tasks.shuffled.median
    assert jvm.stages(spark, "run", "skewed", long_ms=10**9)[-1].tasks is None


def test_a_run_that_wrote_many_small_files_says_so(spark: SparkSession, tmp_path: Path) -> None:
    laid_out(tmp_path, "delta")
    lay_out(tmp_path, {"landing/a.csv": "month,id\n" + "".join(f"{month},1\n" for month in range(33))})

    advice = run(spark, tmp_path, "flights")["flights"].advice

    assert advice == (
        Advice(
            "small files",
            "its run wrote 33 files of 0.0 MB on the average, in 33 partitions by month",
            "take fewer or coarser columns in `output.partition_by`",
        ),
    )
