"""The shape of a result: its columns against those of the table that it is added to, always by name."""

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame
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

from sparkjobs.sql import column

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
