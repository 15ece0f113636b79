"""Staging: the result is written once, as Parquet, where no reader of the table can see it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DateType, IntegralType, NullType, StringType, StructType

from sparkjobs.config import Output
from sparkjobs.config.output import bytes_of
from sparkjobs.publish.attempt import FOLDER
from sparkjobs.publish.footers import FileFacts, delta_stats, facts_of, over_files
from sparkjobs.results import Staged, StagedFile
from sparkjobs.sql import column
from sparkjobs.state.durable import sync

_NULL = "__HIVE_DEFAULT_PARTITION__"
_RESERVED = (FOLDER, "_sparkjobs", ".")
_SPLIT = "spark.sql.adaptive.advisoryPartitionSizeInBytes"
_PARTITION_TYPES = (StringType, IntegralType, DateType)


def refuse(frame: DataFrame, output: Output) -> str | None:
    """Why `frame` cannot be written as `output` says; None when it can."""
    names = [name.casefold() for name in frame.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        return f"the result has two columns named {twice[0]!r}"
    lacking = [name for name in (*output.partition_by, *output.sort_by) if name not in frame.columns]
    if lacking:
        has = ", ".join(frame.columns)
        return f"the result has no column {lacking[0]!r} to partition or sort by; it has {has}"
    reserved = [name for name in output.partition_by if name.startswith(_RESERVED)]
    if reserved:
        return f"no partition column may be called {reserved[0]!r}: readers would pass its folders over"
    if len(frame.columns) == len(output.partition_by):
        return "the result has only partition columns; a table needs at least one more"
    for field in frame.schema:
        if isinstance(field.dataType, NullType):
            return f"the column {field.name!r} has no type; cast the null to one"
        if field.name in output.partition_by and not isinstance(field.dataType, _PARTITION_TYPES):
            kind = field.dataType.simpleString()
            return f"the column {field.name!r} is {kind}; partitions are texts, whole numbers or dates"
        if output.format == "delta" and set(field.name) & set(" ,;{}()\n\t="):
            return f"Delta takes no column name with a blank or one of ,;{{}}()=: {field.name!r}"
    return None


def stage(spark: SparkSession, frame: DataFrame, output: Output, folder: Path) -> Staged:
    """Write `frame` below `folder` and read its footers. Files and names are on disk afterwards."""
    by = output.partition_by
    if by:
        frame = frame.select(
            *[_partition_value(frame, name) if name in by else column(name) for name in frame.columns]
        )
    if by or output.target_file_size:
        frame = frame.hint("rebalance", *map(column, by))
    if output.sort_by:
        frame = frame.sortWithinPartitions(*map(column, (*by, *output.sort_by)))
    before = spark.conf.get(_SPLIT)
    try:
        if output.target_file_size:
            spark.conf.set(_SPLIT, bytes_of(output.target_file_size))
        frame.write.option("compression", "zstd").partitionBy(*by).parquet(str(folder))
    finally:
        spark.conf.set(_SPLIT, str(before))
    facts = dict(_footers(folder))
    files = tuple(_staged_file(folder, path, one) for path, one in facts.items() if one.rows)
    columns = tuple(over_files([one for one in facts.values() if one.rows]).items())
    return Staged(folder, _nullable(frame.schema), by, files, columns)


def staged_rows(spark: SparkSession, staged: Staged) -> DataFrame:
    """The staged rows, read back from the very files that would be published."""
    schema = StructType.fromJson(json.loads(staged.schema))
    if not staged.files:
        return spark.createDataFrame([], schema)
    return spark.read.schema(schema).parquet(str(staged.folder))


def _partition_value(frame: DataFrame, name: str) -> Column:
    """The partition column; Spark would turn some texts into null without a word."""
    value = column(name)
    if not isinstance(frame.schema[name].dataType, StringType):
        return value
    refusal = F.raise_error(
        F.lit(f"the partition column {name!r} holds an empty text, which would become null")
    )
    return F.when(value.isin("", _NULL), refusal.cast("string")).otherwise(value).alias(name)


def _footers(folder: Path) -> Iterator[tuple[Path, FileFacts]]:
    for path in sorted(folder.rglob("*.parquet")):
        sync(path)
        yield path, facts_of(path)
    # with the names of the folder itself, up to the table: staging, _sparkjobs
    for inner in (folder, *folder.parents[:3], *(path for path in folder.rglob("*") if path.is_dir())):
        sync(inner)


def _staged_file(folder: Path, path: Path, facts: FileFacts) -> StagedFile:
    found = path.stat()
    relative = path.relative_to(folder)
    partition = tuple(_key_value(part) for part in relative.parts[:-1])
    return StagedFile(
        str(relative),
        found.st_size,
        found.st_mtime_ns // 1_000_000,
        facts.rows,
        partition,
        delta_stats(facts),
    )


def _key_value(part: str) -> tuple[str, str | None]:
    key, _, value = part.partition("=")
    return unquote(key), None if value == _NULL else unquote(value)


def _nullable(schema: StructType) -> str:
    """The schema as JSON with every field nullable: a file's NOT NULL is enforced by nobody."""

    def relaxed(node: Any) -> Any:  # noqa: ANN401 (JSON)
        match node:
            case dict():
                flags = {"nullable": True, "containsNull": True, "valueContainsNull": True}
                return {key: flags.get(key, relaxed(value)) for key, value in node.items()}
            case list():
                return [relaxed(item) for item in node]
            case _:
                return node

    return json.dumps(relaxed(schema.jsonValue()))
