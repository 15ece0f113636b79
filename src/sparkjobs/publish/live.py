"""The rows of a table as they stand, at the version that was planned, in the partitions that matter."""

from collections.abc import Callable, Iterable
from functools import reduce
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from sparkjobs.jvm import no_rows
from sparkjobs.publish.attempt import Attempt
from sparkjobs.results import StagedFile
from sparkjobs.sql import column
from sparkjobs.state import committed_schema

_MAX_VALUES = 500
"""Beyond so many values of a partition column, naming them costs more than it saves."""


def live_rows(
    spark: SparkSession,
    attempt: Attempt,
    version: int | None = None,
    beside: Iterable[StagedFile] | None = None,
) -> DataFrame:
    """The rows of the attempt's table; with `beside`, of the partitions in which those files lie.

    A Parquet table is then read in exactly these, a Delta table in at least these.
    """
    if attempt.format == "delta":
        reader = spark.read.format("delta")
        if version is not None:
            reader = reader.option("versionAsOf", version)
        live = reader.load(str(attempt.table))
        return live if beside is None else live.filter(within(beside, live.schema, column))
    schema = StructType.fromJson(committed_schema(attempt.table))
    reader = spark.read.schema(schema).option("basePath", str(attempt.table))
    if beside is None:
        return reader.parquet(str(attempt.table))
    # by their paths: nothing else is listed, so a run costs what it touches, not what the table holds
    folders = sorted({attempt.table / Path(file.path).parent for file in beside})
    paths = [str(folder) for folder in folders if folder.is_dir()]
    return reader.parquet(*paths) if paths else no_rows(spark, schema)


def fitting(rows: DataFrame, schema: StructType) -> DataFrame:
    """`rows` with the columns of `schema`, null where they have none."""
    return rows.select(
        *[
            (column(field.name) if field.name in rows.columns else F.lit(None))
            .cast(field.dataType)
            .alias(field.name)
            for field in schema
        ]
    )


def within(files: Iterable[StagedFile], schema: StructType, at: Callable[[str], Column]) -> Column:
    """A condition on bare partition columns that holds in every partition in which `files` lie."""
    values: dict[str, set[str | None]] = {}
    for name, value in {pair for file in files for pair in file.partition}:
        values.setdefault(name, set()).add(value)
    named = [
        _among(at(name), texts, schema[name].dataType.simpleString())
        for name, texts in sorted(values.items())
        if len(texts) <= _MAX_VALUES
    ]
    return reduce(Column.__and__, named, F.lit(True))


def _among(value: Column, texts: set[str | None], kind: str) -> Column:
    known = [F.lit(text).cast(kind) for text in sorted(text for text in texts if text is not None)]
    found = value.isin(*known) if known else F.lit(False)
    return found | value.isNull() if None in texts else found
