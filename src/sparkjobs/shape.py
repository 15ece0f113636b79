"""The shape of a result: its columns against those of the table that it is added to, always by name."""

from collections.abc import Mapping
from dataclasses import dataclass

from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import (
    ByteType,
    DataType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    ShortType,
    StructType,
)

from sparkjobs.config import Scd2Output
from sparkjobs.errors import SchemaChangedError
from sparkjobs.plan import JobPlan
from sparkjobs.plan.gone import refuse_loss
from sparkjobs.sql import column, quoted
from sparkjobs.state import table_schema

_WIDER: tuple[tuple[type[DataType], ...], ...] = (
    (ByteType, ShortType, IntegerType, LongType),
    (FloatType, DoubleType),
)


@dataclass(frozen=True, slots=True)
class Shape:
    """How a result and a table differ, in the table's order and then the result's."""

    added: tuple[tuple[str, str], ...]
    """Columns that only the result has, with their types."""
    widened: tuple[tuple[str, str], ...]
    """Columns whose type in the result holds more than the table's, with that type."""
    misfits: tuple[str, ...]
    """Differences that no table can take in."""


class NeedsAllError(Exception):
    """Only now it shows that the table must be made anew; the plan says what runs then."""


NO_CHANGE = Shape((), (), ())


def shaped(job: JobPlan, frame: DataFrame) -> tuple[DataFrame, Shape]:
    """`frame` as it can be added to the table of `job`, and what has to be added to the table first.

    Raises:
        SchemaChangedError: the table cannot take it.
        GoneFilesError: the conf says to make the table anew, and files that it was made from are gone.
        NeedsAllError: the same, and the conf says to make the table anew.
    """
    output = job.conf.output
    if job.mode == "overwrite" or not job.committed:
        return frame, NO_CHANGE
    table = StructType.fromJson(table_schema(job.table, output.format))
    own = {output.valid_from, output.valid_to, output.is_current} if isinstance(output, Scd2Output) else set()
    table = StructType([field for field in table if field.name not in own])
    shape = shape_of(frame.schema, table)
    if problem := _refusal(job, shape):
        if output.on_schema_change == "full_refresh" and job.whole is not None:
            refuse_loss(job.whole)
            raise NeedsAllError
        raise SchemaChangedError(job.name, problem)
    return fitted(frame, table, shape), shape


def alter(spark: SparkSession, job: JobPlan, shape: Shape) -> None:
    """Give the Delta table of `job` the columns and types that its next rows have; its rows stay as they are.

    A crash after it leaves a table with a column that is null in every row.
    """
    if job.conf.output.format != "delta":
        return  # the next commit carries the schema
    table = f"delta.{quoted(str(job.table))}"
    if shape.added:
        columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in shape.added)
        spark.sql(f"ALTER TABLE {table} ADD COLUMNS ({columns})")
    for name, kind in shape.widened:
        spark.sql(f"ALTER TABLE {table} ALTER COLUMN {quoted(name)} TYPE {kind}")


def _refusal(job: JobPlan, shape: Shape) -> str | None:
    """Why the table cannot take the result; None when it can."""
    grows = job.conf.output.on_schema_change == "add_columns"
    widens = grows and job.conf.output.format == "delta" and _widening(job)
    how = "" if not grows else "; Delta widens types where delta.enableTypeWidening is true"
    told = [
        *shape.misfits,
        *(f"{name!r} is new" for name, _ in shape.added if not grows),
        *(f"{name!r} is {kind}, wider than in the table{how}" for name, kind in shape.widened if not widens),
    ]
    return ", ".join(told[:5]) or None


def _widening(job: JobPlan) -> bool:
    return DeltaTable(job.table).metadata().configuration.get("delta.enableTypeWidening") == "true"


def shape_of(result: StructType, table: StructType) -> Shape:
    """How the columns of `result` differ from those of `table`."""
    ours, theirs = _kinds(result), _kinds(table)
    added = tuple((name, kind.simpleString()) for name, kind in ours.items() if name not in theirs)
    misfits = [f"{name!r} is missing" for name in theirs if name not in ours]
    widened = []
    for name in (name for name in theirs if name in ours and not _alike(ours[name], theirs[name])):
        if holds(ours[name], theirs[name]):
            widened.append((name, ours[name].simpleString()))
        elif not holds(theirs[name], ours[name]):
            misfits.append(
                f"{name!r} is {ours[name].simpleString()}, in the table {theirs[name].simpleString()}"
            )
    return Shape(added, tuple(widened), tuple(misfits))


def fitted(frame: DataFrame, table: StructType, shape: Shape) -> DataFrame:
    """`frame` in the table's order, narrower values as the table has them, added columns last."""
    kinds, wider = _kinds(table), {name for name, _ in shape.widened}
    ours = _kinds(frame.schema)
    known = [
        column(name) if name in wider or _alike(ours[name], kind) else column(name).cast(kind).alias(name)
        for name, kind in kinds.items()
    ]
    return frame.select(*known, *[column(name) for name, _ in shape.added])


def holds(wide: DataType, narrow: DataType) -> bool:
    """Whether every value of `narrow` is one of `wide`, to the digit."""
    if isinstance(wide, DecimalType) and isinstance(narrow, DecimalType):
        return wide.scale >= narrow.scale and wide.precision - wide.scale >= narrow.precision - narrow.scale
    return any(
        type(wide) in row and type(narrow) in row and row.index(type(wide)) >= row.index(type(narrow))
        for row in _WIDER
    )


def _kinds(schema: StructType) -> Mapping[str, DataType]:
    return {field.name: field.dataType for field in schema}


def _alike(one: DataType, other: DataType) -> bool:
    """Whether two types are the same but for what nobody enforces: which inner values may be null."""
    return one.simpleString() == other.simpleString()
