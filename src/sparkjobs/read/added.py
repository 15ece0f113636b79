"""What a Delta table got since a version: its added files, or the partitions that changed."""

from collections.abc import Iterator, Mapping
from functools import reduce
from pathlib import Path
from urllib.parse import unquote

from deltalake import DeltaTable
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from sparkjobs.errors import InputError
from sparkjobs.plan import Added
from sparkjobs.plan.versions import AddedFile, Values, by_columns, changes
from sparkjobs.read.incoming import escaped
from sparkjobs.sql import column

_NULL = "__HIVE_DEFAULT_PARTITION__"
_FIX = "Take it by column or by interval, or everything in each run."


def added_frames(
    spark: SparkSession, name: str, table: Path, part: Added, version: int
) -> Iterator[DataFrame]:
    """The rows that `part` takes of `table` at `version`, in frames that have the table's columns.

    Raises:
        InputError: the table's files cannot be read one by one.
    """
    snapshot = spark.read.format("delta").option("versionAsOf", version).load(str(table))
    found = changes(table, part.after, version)
    if part.partitions:
        touched = by_columns(found.touched, part.partitions) or frozenset()
        kinds = {field.name: field.dataType.simpleString() for field in snapshot.schema}
        yield snapshot.filter(
            reduce(Column.__or__, [_is(one, kinds) for one in sorted(touched, key=str)], F.lit(False))
        )
        return
    mapped = DeltaTable(table).metadata().configuration.get("delta.columnMapping.mode", "none")
    if mapped != "none":
        raise InputError(name, ("its columns have other names in its files (column mapping)",), _FIX)
    groups: dict[Path, list[str]] = {}
    for file in found.added:
        groups.setdefault(_base(name, table, file), []).append(escaped(table / unquote(file.path)))
    for base, paths in groups.items():
        yield spark.read.schema(snapshot.schema).option("basePath", str(base)).parquet(*paths)
    if not groups:
        yield snapshot.filter(F.lit(False))


def _is(values: Values, kinds: Mapping[str, str]) -> Column:
    return reduce(
        Column.__and__, [column(name).eqNullSafe(F.lit(value).cast(kinds[name])) for name, value in values]
    )


def _base(name: str, table: Path, file: AddedFile) -> Path:
    """The folder below which the folders of `file` name its partition, and nothing else."""
    folders = Path(unquote(file.path)).parts[:-1]
    own = len(folders) - len(file.partition)
    told = dict(_partition(folder) for folder in folders[own:]) if own >= 0 else None
    if told != dict(file.partition) or not (table / unquote(file.path)).is_file():
        problem = f"{file.path}: it is gone, or its folders do not name its partition"
        raise InputError(name, (problem,), _FIX)
    return table.joinpath(*folders[:own])


def _partition(folder: str) -> tuple[str, str | None]:
    key, _, value = folder.partition("=")
    return unquote(key), None if value == _NULL else unquote(value)
