"""Meters tell how many rows came past, whatever is asked of the frame above them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from sparkjobs.jvm import Meter, metered, passed


def thousand(spark: SparkSession) -> tuple[DataFrame, Meter, Meter]:
    """The numbers below a thousand that ten does not divide, and the meters below and above that filter."""
    numbers, all_of_them = metered(spark.range(1000).withColumn("round", F.col("id") % 10 == 0))
    kept, others = metered(numbers.filter(~F.col("round")))
    return kept, all_of_them, others


@pytest.mark.parametrize(
    "asked",
    [
        lambda rows: rows,
        lambda rows: rows.filter("id < 5"),
        lambda rows: rows.filter("id < 0"),
        lambda rows: rows.select(F.lit(1)),
        lambda rows: rows.union(rows),
        lambda rows: rows.join(rows.groupBy("id").count(), "id"),
        lambda rows: rows.groupBy(F.col("id") % 3).count(),
        lambda rows: rows.orderBy("id"),
    ],
)
def test_every_row_that_comes_past_is_counted_once(
    spark: SparkSession, asked: Callable[[DataFrame], DataFrame]
) -> None:
    rows, *meters = thousand(spark)
    asked(rows).write.format("noop").mode("overwrite").save()
    assert passed(spark, *meters) == (1000, 900)


def test_rows_that_spark_does_not_compile_are_counted_too(spark: SparkSession) -> None:
    interpreted = spark.newSession()
    interpreted.conf.set("spark.sql.codegen.wholeStage", "false")
    rows, *meters = thousand(interpreted)
    rows.write.format("noop").mode("overwrite").save()
    assert passed(interpreted, *meters) == (1000, 900)


def test_wide_rows_are_counted_too(spark: SparkSession) -> None:
    wide = spark.range(1000).select("*", *[(F.col("id") * n).alias(f"c{n}") for n in range(150)])
    rows, meter = metered(wide)
    rows.write.format("noop").mode("overwrite").save()
    assert passed(spark, meter) == (1000,)


def test_a_frame_that_its_reader_caches_was_counted_when_it_was_kept(spark: SparkSession) -> None:
    rows, *meters = thousand(spark)
    kept = rows.cache()
    try:
        kept.count()
        kept.filter("id < 5").collect()
    finally:
        kept.unpersist()
    assert passed(spark, *meters) == (1000, 900)


def test_the_execution_that_read_most_is_the_one_that_counts(spark: SparkSession) -> None:
    rows, *meters = thousand(spark)
    rows.collect()
    rows.limit(1).collect()
    assert passed(spark, *meters) == (1000, 900)


def test_none_passed_where_nothing_was_read(spark: SparkSession) -> None:
    rows, *meters = thousand(spark)
    assert passed(spark, *meters) is None
    rows.filter("false").collect()
    assert passed(spark, *meters) is None


def test_an_execution_that_failed_does_not_count(spark: SparkSession) -> None:
    rows, *meters = thousand(spark)
    with pytest.raises(PySparkException):
        rows.select(F.when(F.col("id") == 999, F.raise_error(F.lit("no")))).collect()
    assert passed(spark, *meters) is None


def test_news_that_spark_let_fall_makes_counts_unknown(spark: SparkSession) -> None:
    rows, *meters = thousand(spark)
    rows.collect()
    registry = spark.sparkContext._jsc.sc().listenerBus().metrics().metricRegistry()  # noqa: SLF001
    dropped = registry.counter("queue.appStatus.numDroppedEvents")
    dropped.inc()
    try:
        assert passed(spark, *meters) is None
    finally:
        dropped.dec()
    assert passed(spark, *meters) == (1000, 900)


def test_meters_apart_do_not_mix(spark: SparkSession, tmp_path: Path) -> None:
    left, every = metered(spark.range(10))
    right, some = metered(spark.range(3))
    left.join(right, "id").write.parquet(str(tmp_path / "both"))
    assert (passed(spark, every), passed(spark, some)) == ((10,), (3,))
    assert passed(spark, every, some) == (10, 3)
