"""Refusals: what can be known to be wrong with a result before a row of it is written."""

from collections.abc import Iterator

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    CalendarIntervalType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
    MapType,
    NullType,
    StringType,
    StructType,
    TimestampNTZType,
    TimestampType,
    VariantType,
)

from sparkjobs.config import MergeOutput, Output, PlainOutput, Scd2Output
from sparkjobs.publish.attempt import FOLDER
from sparkjobs.publish.merge import SOURCE, TARGET
from sparkjobs.sql import column, condition

_RESERVED = (FOLDER, "_sparkjobs", ".")
_PARTITION_TYPES = (StringType, IntegralType, DateType)
_MOMENT_TYPES = (StringType, IntegralType, DecimalType, DateType, TimestampType, TimestampNTZType)
_KEY_TYPES = (*_MOMENT_TYPES, BinaryType, BooleanType)
_ORDER_TYPES = (*_KEY_TYPES, DoubleType, FloatType)
_INCOMPARABLE = (CalendarIntervalType, MapType, VariantType)


def refuse(frame: DataFrame, output: Output) -> str | None:
    """Why `frame` cannot be written as `output` says; None when it can."""
    return next(_reasons(frame, output), None)


def _reasons(frame: DataFrame, output: Output) -> Iterator[str]:
    own = (output.valid_from, output.valid_to, output.is_current) if isinstance(output, Scd2Output) else ()
    yield from _of_names(frame, output, own)
    yield from _of_partitions(output)
    yield from _of_types(frame, output)
    if not isinstance(output, PlainOutput):
        yield from _of_own_names(frame, output, own)
        yield from _of_roles(frame, output)
        yield from _of_comparing(frame)
        yield from _of_conditions(frame, output)


def _of_names(frame: DataFrame, output: Output, own: tuple[str, ...]) -> Iterator[str]:
    names = [name.casefold() for name in frame.columns]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        yield f"the result has two columns named {twice[0]!r}"
    for name in output.partition_by:
        if name in own:
            yield f"a history cannot be partitioned by its own column {name!r}"
    for name in (*output.partition_by, *(name for name in output.sort_by if name not in own)):
        if name not in frame.columns:
            has = ", ".join(frame.columns)
            yield f"the result has no column {name!r} to partition or sort by; it has {has}"
    if len(frame.columns) == len(output.partition_by):
        yield "the result has only partition columns; a table needs at least one more"


def _of_partitions(output: Output) -> Iterator[str]:
    for name in output.partition_by:
        if name.startswith(_RESERVED):
            yield f"no partition column may be called {name!r}: readers would pass its folders over"


def _of_types(frame: DataFrame, output: Output) -> Iterator[str]:
    for field in frame.schema:
        if isinstance(field.dataType, NullType):
            yield f"the column {field.name!r} has no type; cast the null to one"
        if field.name in output.partition_by and not isinstance(field.dataType, _PARTITION_TYPES):
            kind = field.dataType.simpleString()
            yield f"the column {field.name!r} is {kind}; partitions are texts, whole numbers or dates"
        if output.format == "delta" and set(field.name) & set(" ,;{}()\n\t="):
            yield f"Delta takes no column name with a blank or one of ,;{{}}()=: {field.name!r}"


def _of_own_names(frame: DataFrame, output: Output, own: tuple[str, ...]) -> Iterator[str]:
    taken = {name.casefold() for name in own}
    for name in output.partition_by:
        if output.format == "delta" and set(name) & set(".`"):  # its MERGE takes the name for a path
            yield f"Delta cannot merge into partitions of a column with a dot or a backtick: {name!r}"
    for name in frame.columns:
        if name.casefold() in taken:
            yield f"the result has a column {name!r}; a history makes its own of that name"
        if name.casefold().startswith("_sparkjobs"):
            yield f"the result may have no column {name!r}: such names are needed to compare rows"


def _of_roles(frame: DataFrame, output: MergeOutput | Scd2Output) -> Iterator[str]:
    for role, names, kinds in _roles(output):
        for name in names:
            if name not in frame.columns:
                has = ", ".join(frame.columns)
                yield f"the result has no column {name!r}, which {role} names; it has {has}"
            elif not isinstance(frame.schema[name].dataType, kinds):
                kind = frame.schema[name].dataType.simpleString()
                yield f"the column {name!r} is {kind}, which no column of {role} may be"


def _of_comparing(frame: DataFrame) -> Iterator[str]:
    for field in frame.schema:
        if any(isinstance(kind, _INCOMPARABLE) for kind in _kinds(field.dataType)):
            kind = field.dataType.simpleString()
            yield f"the column {field.name!r} is {kind}, of which two values cannot be compared"


def _of_conditions(frame: DataFrame, output: MergeOutput | Scd2Output) -> Iterator[str]:
    if output.delete_when:
        yield from _of_condition(frame, "delete_when", output.delete_when)
    if isinstance(output, MergeOutput) and output.update_when:
        row = F.struct(*map(column, frame.columns))
        both = frame.select(row.alias(SOURCE), row.alias(TARGET))
        yield from _of_condition(both, "update_when", output.update_when)


def _roles(
    output: MergeOutput | Scd2Output,
) -> tuple[tuple[str, tuple[str, ...], tuple[type[DataType], ...]], ...]:
    """What the conf calls columns, which columns those are, and what types they may have."""
    if isinstance(output, MergeOutput):
        return (
            ("`keys`", output.keys, _KEY_TYPES),
            ("`order_by`", output.order_by, _ORDER_TYPES),
            ("`columns`", output.columns, (DataType,)),
        )
    return (
        ("`keys`", output.keys, _KEY_TYPES),
        ("`sequence_by`", (output.sequence_by,), _MOMENT_TYPES),
        ("`track`", output.track, (DataType,)),
    )


def _kinds(kind: DataType) -> Iterator[DataType]:
    """`kind` and every type inside it."""
    yield kind
    match kind:
        case StructType():
            for field in kind:
                yield from _kinds(field.dataType)
        case ArrayType():
            yield from _kinds(kind.elementType)


def _of_condition(rows: DataFrame, key: str, text: str) -> Iterator[str]:
    try:
        found = rows.select(condition(rows.sparkSession, text).alias("holds")).schema["holds"].dataType
    except ValueError as error:
        yield f"`{key}`: {error}"
    except AnalysisException as error:
        yield f"`{key}`: {str(error.getMessage() or error).splitlines()[0]}"
    else:
        if not isinstance(found, BooleanType):
            yield f"`{key}`: {text!r} is {found.simpleString()}, not true or false"
