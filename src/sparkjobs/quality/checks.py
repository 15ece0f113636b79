"""The meaning of each check: which rows it evaluates, and which of them break it."""

from dataclasses import dataclass

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from sparkjobs.config.checks import (
    AcceptedValues,
    Between,
    Check,
    Expression,
    Matches,
    NotNull,
    RowCount,
    Unique,
)
from sparkjobs.config.sources import comparable
from sparkjobs.sql import column, condition, literal


@dataclass(frozen=True, slots=True)
class Measure:
    """One row check of one table; both conditions are never null."""

    name: str
    check: Check
    evaluated: Column
    failing: Column


def name_of(check: Check, column_name: str | None = None) -> str:
    """How a check is called in results: its own name, or its kind and columns."""
    match check:
        case NotNull():
            return f"{check.name or check.kind}({column_name})"
        case Unique():
            return check.name or f"unique({', '.join(check.columns)})"
        case RowCount():
            return check.name or "row_count"
        case Expression():
            return check.name or f"expression({check.expr})"
        case _:
            return check.name or f"{check.kind}({check.column})"


def columns_of(check: Check) -> tuple[str, ...]:
    """The columns a check names."""
    match check:
        case NotNull() | Unique():
            return check.columns
        case RowCount() | Expression():
            return ()
        case _:
            return (check.column,)


def incomparable(check: Check, schema: StructType) -> str | None:
    """Why the values of a check cannot be compared with its column; None when they can."""
    match check:
        case Between():
            values = tuple(one for one in (check.min, check.max) if one is not None)
        case AcceptedValues():
            values = check.values
        case _:
            return None
    kind = schema[check.column].dataType.simpleString()
    wrong = [value for value in values if not comparable(value, kind)]
    return f"{wrong[0]!r} cannot be compared with {check.column!r}, which is {kind}" if wrong else None


def measures_of(spark: SparkSession, check: Check, schema: StructType) -> list[Measure]:
    """What to count for a check that looks at rows one by one; nothing for the others."""
    kinds = {field.name: field.dataType.simpleString() for field in schema}
    match check:
        case NotNull():
            return [
                _measure(spark, check, F.lit(True), column(name).isNull(), name) for name in check.columns
            ]
        case Between():
            value, kind = column(check.column), kinds[check.column]
            low = F.lit(False) if check.min is None else value < literal(check.min, kind)
            high = F.lit(False) if check.max is None else value > literal(check.max, kind)
            nan = F.isnan(value) if kind in ("float", "double") else F.lit(False)
            return [_measure(spark, check, value.isNotNull(), low | high | nan, check.column)]
        case AcceptedValues():
            value = column(check.column)
            accepted = [literal(one, kinds[check.column]) for one in check.values]
            return [_measure(spark, check, value.isNotNull(), ~value.isin(accepted), check.column)]
        case Matches():
            value = column(check.column).cast("string")
            return [
                _measure(
                    spark,
                    check,
                    value.isNotNull(),
                    ~value.rlike(rf"\A(?:{check.pattern})\z"),
                    check.column,
                )
            ]
        case Expression():
            return [_measure(spark, check, F.lit(True), ~condition(spark, check.expr), None)]
        case Unique() | RowCount():
            return []


def where_of(spark: SparkSession, check: Check) -> Column:
    """The rows a check looks at; null in `where` is no."""
    where = None if isinstance(check, RowCount) else check.where
    return F.lit(True) if where is None else F.coalesce(condition(spark, where), F.lit(False))


def _measure(
    spark: SparkSession, check: Check, present: Column, broken: Column, column_name: str | None
) -> Measure:
    evaluated = where_of(spark, check) & present
    failing = evaluated & F.coalesce(broken, F.lit(False))
    return Measure(name_of(check, column_name), check, evaluated, failing)
