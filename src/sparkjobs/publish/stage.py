"""Staging: the result is written once, as Parquet, where no reader of the table can see it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructType

from sparkjobs.config import Output, PlainOutput
from sparkjobs.config.output import bytes_of
from sparkjobs.jvm import no_rows
from sparkjobs.publish.footers import delta_stats
from sparkjobs.results import Staged, StagedFile
from sparkjobs.session import with_settings
from sparkjobs.sql import column
from sparkjobs.state.durable import sync
from sparkjobs.state.footers import FileFacts, facts_of, over_files
from sparkjobs.state.table import UNSEEN_ENDING

_NULL = "__HIVE_DEFAULT_PARTITION__"
_SPLIT = "spark.sql.adaptive.advisoryPartitionSizeInBytes"


@dataclass(frozen=True, slots=True)
class Layout:
    """How the rows of a folder lie on disk."""

    by: tuple[str, ...]
    sort_by: tuple[str, ...] = ()
    file_size: str | None = None
    gathers: bool = False
    """Whether a partition's rows come from all tasks, so that each would write a file of its own."""


def layout_of(output: Output, *inside: str) -> Layout:
    """The layout of a table, or of its rows below folders for the columns `inside`."""
    gathers = bool(output.partition_by or output.target_file_size)
    return Layout((*inside, *output.partition_by), output.sort_by, output.target_file_size, gathers)


def stage(spark: SparkSession, frame: DataFrame, output: Output, folder: Path) -> Staged:
    """Write `frame` below `folder` and read its footers. Files and names are on disk afterwards."""
    by = output.partition_by
    if by:
        frame = frame.select(
            *[_partition_value(frame, name) if name in by else column(name) for name in frame.columns]
        )
    # what is only compared with the table needs no order
    layout = layout_of(output) if isinstance(output, PlainOutput) else Layout(by, gathers=bool(by))
    write(spark, frame, layout, folder)
    return collected(folder, nullable(frame.schema), by)


def write(spark: SparkSession, rows: DataFrame, layout: Layout, folder: Path) -> None:
    """Write `rows` below `folder`, as `layout` says."""
    if layout.gathers:
        rows = rows.hint("rebalance", *map(column, layout.by))
    if layout.sort_by:
        rows = rows.sortWithinPartitions(*map(column, (*layout.by, *layout.sort_by)))
    with with_settings(spark, {_SPLIT: bytes_of(layout.file_size)} if layout.file_size else {}):
        rows.write.option("compression", "zstd").partitionBy(*layout.by).parquet(str(folder))


def collected(folder: Path, schema: str, by: tuple[str, ...]) -> Staged:
    """What was written below `folder`, by its footers; on disk afterwards, with its names."""
    facts = dict(_footers(folder))
    files = tuple(_staged_file(folder, path, one) for path, one in facts.items() if one.rows)
    columns = tuple(over_files([one for one in facts.values() if one.rows]).items())
    return Staged(folder, schema, by, files, columns)


def schema_of(staged: Staged) -> StructType:
    """The columns of the staged rows."""
    return StructType.fromJson(json.loads(staged.schema))


def staged_rows(spark: SparkSession, staged: Staged) -> DataFrame:
    """The staged rows, read back from the very files that would be published."""
    schema = schema_of(staged)
    if not staged.files:
        return no_rows(spark, schema)
    return spark.read.schema(schema).parquet(str(staged.folder))


def _partition_value(frame: DataFrame, name: str) -> Column:
    """The partition column; of some texts Spark makes null, or passes their folders over, without a word."""
    value = column(name)
    if not isinstance(frame.schema[name].dataType, StringType):
        return value
    empty = _refusal(f"the partition column {name!r} holds an empty text, which would become null")
    ends = f"holds a text that ends in {UNSEEN_ENDING}, and no reader would look into its folder"
    unseen = _refusal(f"the partition column {name!r} {ends}")
    lost = F.when(value.isin("", _NULL), empty).when(value.endswith(UNSEEN_ENDING), unseen)
    return lost.otherwise(value).alias(name)


def _refusal(told: str) -> Column:
    return F.raise_error(F.lit(told)).cast("string")


def _footers(folder: Path) -> Iterator[tuple[Path, FileFacts]]:
    for path in sorted(path for path in folder.rglob("*.parquet") if path.is_file()):
        sync(path)
        yield path, facts_of(path)
    # with the names of the folder itself, up to the table: staging, _sparkjobs
    for inner in (folder, *folder.parents[:3], *(path for path in folder.rglob("*") if path.is_dir())):
        sync(inner)


def _staged_file(folder: Path, path: Path, facts: FileFacts) -> StagedFile:
    found = path.stat()
    relative = path.relative_to(folder)
    partition = tuple(key_value(part) for part in relative.parts[:-1])
    return StagedFile(
        str(relative),
        found.st_size,
        found.st_mtime_ns // 1_000_000,
        facts.rows,
        partition,
        delta_stats(facts),
    )


def key_value(part: str) -> tuple[str, str | None]:
    """The column and the value that the name of a folder tells."""
    key, _, value = part.partition("=")
    return unquote(key), None if value == _NULL else unquote(value)


def nullable(schema: StructType) -> str:
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
