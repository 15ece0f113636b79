"""The columns of what is there already: sources, and tables that jobs have published. No row is read."""

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake.exceptions import DeltaError
from pyarrow import orc
from pyspark.errors import PySparkException
from pyspark.sql.pandas.types import from_arrow_type
from pyspark.sql.types import DataType, StringType, StructField, StructType

from sparkjobs.config import Conf
from sparkjobs.errors import StateError
from sparkjobs.plan.files import listed
from sparkjobs.state import look, table_schema

_SPARK_SCHEMA = b"org.apache.spark.sql.parquet.row.metadata"


class UnknownColumnsError(Exception):
    """Nobody has said which columns there are, and they cannot be looked up; its text says why."""


def source_schema(conf: Conf, source: str) -> StructType:
    """The columns that a job sees of `source`: those of its contract, or else of what lies there.

    Raises:
        UnknownColumnsError: there are neither.
    """
    body = conf.sources[source]
    if body.columns:
        fields = (StructField(name, DataType.fromDDL(column.type)) for name, column in body.columns.items())
        return StructType(list(fields))
    try:
        if body.format == "delta":
            return StructType.fromJson(table_schema(Path(body.path), "delta"))
        return _of_files(Path(body.path), conf.root, body.format)
    except (DeltaError, OSError, pa.ArrowException, PySparkException) as error:
        raise UnknownColumnsError(f"its columns are not declared, and {_told(error)}") from error


def published_schema(conf: Conf, job: str) -> StructType | None:
    """The columns of the table that `job` has published; None where there is none, or it is not in order."""
    output = conf.jobs[job].output
    try:
        if look(job, Path(output.path), output.format).version is None:
            return None
        return StructType.fromJson(table_schema(Path(output.path), output.format))
    except (StateError, DeltaError, OSError, KeyError):
        return None


def _of_files(path: Path, root: Path, kind: str) -> StructType:
    first = next((root / one.path for one in listed(str(path), root) if one.size), None)
    if first is None:
        raise UnknownColumnsError("its columns are not declared, and there is no file yet")
    schema = pq.read_schema(first) if kind == "parquet" else orc.ORCFile(first).schema
    if told := (schema.metadata or {}).get(_SPARK_SCHEMA):
        fields = StructType.fromJson(json.loads(told)).fields
    else:
        fields = [StructField(field.name, from_arrow_type(field.type)) for field in schema]
    return StructType([*fields, *_partitions(first, {field.name for field in fields})])


def _partitions(file: Path, known: set[str]) -> Iterator[StructField]:
    """The columns that folders tell, as text."""
    for folder in file.parts[:-1]:
        name, is_one, _ = folder.partition("=")
        if is_one and name not in known:
            yield StructField(name, StringType())


def _told(error: Exception) -> str:
    return str(error).splitlines()[0][:200]
