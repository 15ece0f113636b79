"""The rows of a source as they came, before the contract judged them."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from sparkjobs.jvm import no_rows
from sparkjobs.plan import File
from sparkjobs.sql import COLUMNS, DAMAGE, FILE, IN, RAW

_GLOB = re.compile(r"([\[\]{}*?\\])")


@dataclass(frozen=True, slots=True)
class Incoming:
    """One source's rows: columns IN, RAW, FILE, COLUMNS and DAMAGE of `sql`, nothing else.

    Grain: one record of the source, and beside them one row per header line, with damage HEADER.
    """

    rows: DataFrame
    headers: int
    """How many of `rows` are the header lines that the files must have."""


@dataclass(frozen=True, slots=True)
class Sound:
    """One source's rows where none can be bad: its files have types of their own, and it demands nothing.

    Grain: one record of the source, with its columns.
    """

    rows: DataFrame
    count: int
    """How many there are, as the files tell without being read."""


def paths(files: Iterable[File], root: Path) -> list[str]:
    """The files as Spark takes them, nothing in their names read as a glob."""
    return [escaped(root / file.path) for file in files]


def escaped(path: Path) -> str:
    """`path` as Spark takes it, nothing in it read as a glob."""
    return _GLOB.sub(r"\\\1", str(path))


def incoming_columns(
    values: list[Column], raw: Column, damage: Column, columns: Column | None = None
) -> list[Column]:
    """The columns of an `Incoming`, from a frame that still has its file metadata."""
    told = F.lit(None) if columns is None else columns
    return [
        F.struct(*values).alias(IN),
        raw.alias(RAW),
        F.col("_metadata.file_path").alias(FILE),
        told.cast("string").alias(COLUMNS),
        damage.alias(DAMAGE),
    ]


def listed(columns: tuple[str, ...]) -> Column:
    """The columns of a file, as its records tell them."""
    return F.lit(json.dumps(columns, ensure_ascii=False))


def value_of(name: str, found: Column | None, *, as_text: bool) -> Column:
    """A typed value as it comes, null where its file does not have it; texts go with files of other types."""
    value = F.lit(None).cast("string") if found is None else found
    return (value.cast("string") if as_text else value).alias(name)


def bytewise(text: Column) -> Column:
    """`text` with one character for each of its bytes."""
    return F.decode(text.cast("binary"), "ISO-8859-1")


def nothing(spark: SparkSession, columns: Iterable[str]) -> DataFrame:
    """An `Incoming` frame without rows, for a source without files."""
    given = StructType([StructField(name, StringType()) for name in columns])
    texts = [StructField(name, StringType()) for name in (RAW, FILE, COLUMNS, DAMAGE)]
    return no_rows(spark, StructType([StructField(IN, given), *texts]))
