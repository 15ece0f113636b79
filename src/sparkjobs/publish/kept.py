"""The rows of a table that stay when staged files are published beside them."""

from collections.abc import Callable
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from sparkjobs.publish.attempt import Attempt
from sparkjobs.results import Staged
from sparkjobs.sql import column, quoted
from sparkjobs.state import committed_schema

_REPLACED = "_sparkjobs_replaced_"


def kept_rows(
    spark: SparkSession, attempt: Attempt, staged: Staged, mode: str, *, exists: bool
) -> Callable[[], DataFrame | None]:
    """A function that reads those rows when it is called; None when none stay."""

    def read() -> DataFrame | None:
        if mode == "overwrite" or not exists:
            return None
        if mode == "append":
            return _live(spark, attempt)
        return _elsewhere(_live(spark, attempt), staged)

    return read


def _live(spark: SparkSession, attempt: Attempt) -> DataFrame:
    if attempt.format == "delta":
        return spark.read.format("delta").load(str(attempt.table))
    return spark.read.schema(StructType.fromJson(committed_schema(attempt.table))).parquet(str(attempt.table))


def _elsewhere(live: DataFrame, staged: Staged) -> DataFrame:
    """The live rows outside the staged partitions."""
    kinds = {field.name: field.dataType.simpleString() for field in live.schema}
    replaced = [tuple(value for _, value in one) for one in {file.partition for file in staged.files}]
    texts = ", ".join(f"{quoted(_REPLACED + name)} string" for name in staged.partition_by)
    partitions = live.sparkSession.createDataFrame(replaced, texts)
    same = [
        column(name).eqNullSafe(column(_REPLACED + name).cast(kinds[name])) for name in staged.partition_by
    ]
    return live.join(F.broadcast(partitions), on=reduce(Column.__and__, same), how="left_anti")
