"""Rows of cases as frames, and frames as values that can be compared.

Both ways lead through JSON with a schema: Spark itself says what a text means as a date, and nested
values need nothing of their own. What it would read otherwise than it stands there is a mistake.
"""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, StructField, StructType

from sparkjobs.cases.table import Table, kinds_of
from sparkjobs.config.incremental import instant_of
from sparkjobs.config.node import MistakeError, find
from sparkjobs.jvm import json_rows
from sparkjobs.read.columnar import EXACT


def frame_of(spark: SparkSession, table: Table, schema: StructType) -> DataFrame:
    """The rows of `table` in the columns of `schema`; a column that a row does not name is null in it.

    Raises:
        MistakeError: a value is not one of its column's type.
    """
    kinds = {field.name: field.dataType.simpleString() for field in schema}
    rows = [
        {name: table.value(row, name, kinds[name]) for name in table.rows[row]}
        for row in range(len(table.rows))
    ]
    frame = json_rows(spark, rows, schema)
    for row, (given, found) in enumerate(zip(rows, values_of(frame), strict=True)):
        for name, value in given.items():
            if not _kept(value, found[name]):
                place = table.place(row, name)
                raise MistakeError(place, f"{name}: {value!r} is not a value of type {kinds[name]}")
    return frame


def values_of(frame: DataFrame) -> list[dict[str, object]]:
    """The rows of `frame`: whole numbers, decimals, texts, lists and mappings; NaN is a text."""
    options = {**EXACT, "ignoreNullFields": "false"}
    rows = frame.select(F.to_json(F.struct("*"), options).alias("row")).collect()
    return [json.loads(row["row"], parse_float=Decimal) for row in rows]


def schema_of(tables: Iterable[Table], declared: Mapping[str, str]) -> StructType:
    """The columns of an input: those of its contract, or those that its rows show.

    Raises:
        MistakeError: there is none, or the type of one cannot be told.
    """
    tables = tuple(tables)
    kinds = declared or kinds_of(tables)
    if not kinds:
        raise MistakeError(tables[0].node.mark, "without a row, `columns:` has to tell the columns")
    fields = []
    for name, kind in kinds.items():
        try:
            fields.append(StructField(name, DataType.fromDDL(kind)))
        except PySparkException as error:
            place = find(tables[0].node, ("columns", name))
            raise MistakeError(place, f"{name}: {kind!r} is not a type") from error
    return StructType(fields)


def _kept(given: object, read: object) -> bool:
    """Whether Spark has read what was given, all of it."""
    match given, read:
        case dict(), dict():
            return all(name in read and _kept(value, read[name]) for name, value in given.items())
        case tuple() | list(), list():
            return len(given) == len(read) and all(map(_kept, given, read))
        case str(), str():
            return given == read or _same_instant(given, read)
        case (bool() | None, _) | (_, bool() | None):
            return given is read
        case int() | float() | str(), int() | Decimal():
            return _number(given) == read
        case _:
            return False


def _number(given: float | str) -> Decimal | None:
    try:
        return Decimal(str(given))
    except InvalidOperation:
        return None


def _same_instant(given: str, read: str) -> bool:
    try:
        return instant_of(given) == instant_of(read)
    except ValueError:
        return False
