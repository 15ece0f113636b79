"""The rows of a table that stay when staged files are published beside them."""

from collections.abc import Callable
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from sparkjobs.jvm import json_rows
from sparkjobs.publish.attempt import Attempt
from sparkjobs.publish.changes import Changes
from sparkjobs.publish.live import live_rows
from sparkjobs.publish.stage import staged_rows
from sparkjobs.results import Staged
from sparkjobs.sql import column
from sparkjobs.union import together

_REPLACED = "_sparkjobs_replaced_"


def kept_rows(
    spark: SparkSession, attempt: Attempt, staged: Staged | Changes, mode: str, *, exists: bool
) -> Callable[[tuple[str, ...]], DataFrame | None]:
    """A function that reads those of them that can share values of some columns with a staged row.

    Where the columns name the partition, these are rows of the staged partitions. None when there are none.
    """

    def read(columns: tuple[str, ...]) -> DataFrame | None:
        rows = staged.rows if isinstance(staged, Changes) else staged
        beside = set(rows.partition_by) <= set(columns)
        if isinstance(staged, Changes):
            if staged.whole:
                return None
            live = live_rows(spark, attempt, staged.version, rows.files if beside else None)
            return without(spark, live, staged)
        if mode == "overwrite" or not exists:
            return None
        if mode == "append":
            return live_rows(spark, attempt, None, rows.files if beside else None)
        return None if beside else _elsewhere(live_rows(spark, attempt), staged)

    return read


def without(spark: SparkSession, live: DataFrame, changes: Changes) -> DataFrame:
    """The `live` rows whose place in the table no change takes or empties."""
    by = changes.output.partition_by
    names = tuple(dict.fromkeys((*changes.key, *by)))
    changed = [staged_rows(spark, one) for one in (changes.rows, changes.gone)]
    places = together(
        [rows.select(*[column(name).alias(_REPLACED + name) for name in names]) for rows in changed]
    )
    same = [
        column(name).eqNullSafe(column(_REPLACED + name))
        if name in by
        else column(name) == column(_REPLACED + name)
        for name in names
    ]
    return live.join(places, reduce(Column.__and__, same), "left_anti")


def _elsewhere(live: DataFrame, staged: Staged) -> DataFrame:
    """The live rows outside the staged partitions."""
    kinds = {field.name: field.dataType.simpleString() for field in live.schema}
    gone = {file.partition for file in staged.files} | staged.emptied
    names = [_REPLACED + name for name in staged.partition_by]
    replaced = [dict(zip(names, (value for _, value in one), strict=True)) for one in gone]
    texts = StructType([StructField(name, StringType()) for name in names])
    partitions = json_rows(live.sparkSession, replaced, texts)
    same = [
        column(name).eqNullSafe(column(_REPLACED + name).cast(kinds[name])) for name in staged.partition_by
    ]
    return live.join(F.broadcast(partitions), on=reduce(Column.__and__, same), how="left_anti")
