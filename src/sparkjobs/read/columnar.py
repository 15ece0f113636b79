"""Formats that bring their own types: Parquet, ORC, Delta.

Spark gives null for a declared column that a file lacks, and fails late on files whose types
differ. So the footers are compared first, and files of one schema are read together, by name.
Where a source demands nothing of its rows they are counted by the footers too, so that a job reads
of them what it needs and no more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet as pq
from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from sparkjobs.config import Source
from sparkjobs.config.sources import DeltaSource, OrcSource, ParquetSource
from sparkjobs.errors import InputError
from sparkjobs.jvm import loaded
from sparkjobs.plan import Added, File, SourceInput
from sparkjobs.plan.inputs import misfits
from sparkjobs.read.added import added_frames
from sparkjobs.read.incoming import (
    Incoming,
    Sound,
    incoming_columns,
    listed,
    nothing,
    paths,
    value_of,
)
from sparkjobs.sql import column, quoted
from sparkjobs.union import together

EXACT = {
    "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX",
    "timestampNTZFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSS",
}
"""Spark would cut a raw record's microseconds off."""
_FIX = "Mend the files, or say on_missing_columns, on_extra_columns in conf/sources.yml."


@dataclass(frozen=True, slots=True)
class _Footer:
    """What a file tells of itself."""

    schema: tuple[tuple[str, str], ...]
    rows: int


def read_columnar(
    spark: SparkSession, planned: SourceInput, conf: ParquetSource | OrcSource, root: Path
) -> Incoming | Sound:
    """The rows of the pinned Parquet or ORC files; partition folders give text columns.

    Raises:
        InputError: a file's columns are not the declared ones, or nothing is declared and they differ.
    """
    if not planned.groups:
        return Incoming(nothing(spark, conf.columns), 0)
    groups: dict[tuple[tuple[str, str], ...], list[File]] = {}
    count = 0
    for file in planned.files:
        footer = _footer(root / file.path, conf)
        groups.setdefault(footer.schema, []).append(file)
        count += footer.rows
    problems = [
        f"{files[0].path}: {problem}"
        for schema, files in groups.items()
        for problem in misfits(
            conf, (*(name for name, _ in schema), *_partitions(root / files[0].path, conf))
        )
    ]
    if not conf.columns and len(groups) > 1:
        first, other = list(groups.values())[:2]
        problems.append(
            f"{other[0].path}: its columns or types are not those of {first[0].path}; declare `columns:`"
        )
    if problems:
        raise InputError(planned.source, tuple(problems), _FIX)
    frames = [_read(spark, files, conf, root) for files in groups.values()]
    if not _demands(conf) and planned.part is None:
        return Sound(together(frames), count)
    return Incoming(together([_incoming(frame, conf, as_text=len(groups) > 1) for frame in frames]), 0)


def read_delta(spark: SparkSession, planned: SourceInput, conf: DeltaSource) -> Incoming | Sound:
    """The rows of the pinned version, or of what was added up to it.

    Raises:
        InputError: its columns are not the declared ones.
    """
    if isinstance(planned.part, Added) and planned.version is not None:
        frames = list(added_frames(spark, planned.source, Path(conf.path), planned.part, planned.version))
    else:
        frames = [spark.read.format("delta").option("versionAsOf", planned.version).load(conf.path)]
    problems = tuple(misfits(conf, tuple(frames[0].columns)))
    if problems:
        raise InputError(planned.source, problems, _FIX)
    if not _demands(conf) and planned.part is None:
        count = _logged_rows(conf, planned.version)
        if count is not None:
            return Sound(together(frames), count)
    return Incoming(together([_incoming(frame, conf, as_text=False) for frame in frames]), 0)


def _demands(conf: Source) -> bool:
    """Whether a row can be bad."""
    return bool(conf.columns or conf.rules or conf.unique)


def _logged_rows(conf: DeltaSource, version: int | None) -> int | None:
    """How many rows the log tells of; None where a file's are not told, or some may be deleted in it."""
    table = DeltaTable(conf.path, version=version)
    if "deletionVectors" in (table.protocol().reader_features or ()):
        return None
    rows = pa.table(table.get_add_actions()).column("num_records").to_pylist()
    return None if None in rows else sum(rows)


def _read(
    spark: SparkSession, files: Iterable[File], conf: ParquetSource | OrcSource, root: Path
) -> DataFrame:
    reader = spark.read.format(conf.format).option("parquet.page.verify-checksum.enabled", True)
    return loaded(spark, reader.option("basePath", _base(conf)), paths(files, root))


def _base(conf: ParquetSource | OrcSource) -> str:
    """The folder below which `key=value` names partitions."""
    parts = Path(conf.path).parts
    fixed = next((index for index, part in enumerate(parts) if set("*?[=") & set(part)), len(parts))
    base = Path(*parts[:fixed])
    return str(base if base.is_dir() else base.parent)


def _incoming(frame: DataFrame, conf: ParquetSource | OrcSource | DeltaSource, *, as_text: bool) -> DataFrame:
    """`as_text` makes files of different types alike; the contract gives the declared types back."""
    declared = tuple(conf.columns) or tuple(frame.columns)
    found = {name: column(name) for name in frame.columns}
    values = [value_of(name, found.get(name), as_text=as_text) for name in declared]
    raw = F.to_json(F.struct(*found.values()), EXACT)
    columns = listed(tuple(f"{quoted(field.name)} {field.dataType.simpleString()}" for field in frame.schema))
    told = incoming_columns(values, raw, F.lit(None).cast("string"), columns)
    return frame.select("*", "_metadata").select(*told)


def _footer(file: Path, conf: ParquetSource | OrcSource) -> _Footer:
    if conf.format == "parquet":
        footer = pq.read_metadata(file)
        schema, rows = footer.schema.to_arrow_schema(), footer.num_rows
    else:
        orc = pyarrow.orc.ORCFile(file)
        schema, rows = orc.schema, orc.nrows
    return _Footer(tuple((field.name, str(field.type)) for field in schema), rows)


def _partitions(file: Path, conf: ParquetSource | OrcSource) -> tuple[str, ...]:
    folders = file.relative_to(_base(conf)).parts[:-1]
    return tuple(folder.partition("=")[0] for folder in folders if "=" in folder)
