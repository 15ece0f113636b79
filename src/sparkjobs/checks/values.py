"""What a value may be, by comparing it with values of conf. Nulls pass."""

from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

from sparkjobs.checks import footers
from sparkjobs.checks.questions import Subject
from sparkjobs.config.arguments import Count, Value, Values
from sparkjobs.registry import check


@check()
def accepted_values(column: Subject, *, values: Values, ignore_case: bool = False) -> Column:
    """The value is one of `values`.

    green: {column: a, values: [EUR, USD]} on ('EUR'), (null) as t(a)
    red:   {column: a, values: [EUR, USD]} on ('eur') as t(a)
    """
    value, accepted = _compared(column, values, ignore_case=ignore_case)
    return value.isin(accepted)


@check()
def rejected_values(column: Subject, *, values: Values, ignore_case: bool = False) -> Column:
    """The value is none of `values`.

    green: {column: a, values: [0, -1]} on (1), (null) as t(a)
    red:   {column: a, values: [0, -1]} on (-1) as t(a)
    """
    value, rejected = _compared(column, values, ignore_case=ignore_case)
    return ~value.isin(rejected) & ~column.is_nan


@check()
def equal(column: Subject, *, to: Value) -> Column:
    """The value is `to`.

    green: {column: a, to: 1.5} on (1.5), (null) as t(a)
    red:   {column: a, to: 1.5} on (1.6) as t(a)
    """
    return column.value == column.literal(to)


@check()
def not_equal(column: Subject, *, to: Value) -> Column:
    """The value is not `to`.

    green: {column: a, to: x} on ('X'), (null) as t(a)
    red:   {column: a, to: x} on ('x') as t(a)
    """
    return (column.value != column.literal(to)) & ~column.is_nan


@check(one_of=("min", "max"), footer=footers.in_range)
def between(
    column: Subject, *, min: Value | None = None, max: Value | None = None, strict: bool = False
) -> Column:
    """`min` <= value <= `max`; with `strict` neither is reached. NaN fails.

    green: {column: a, min: 1, max: 2} on (1), (2), (null) as t(a)
    red:   {column: a, min: 1} on (double('NaN')) as t(a)
    red:   {column: a, min: 1, strict: true} on (1) as t(a)
    """
    value = column.value
    conditions = [~column.is_nan]
    if min is not None:
        low = column.literal(min)
        conditions.append(value > low if strict else value >= low)
    if max is not None:
        high = column.literal(max)
        conditions.append(value < high if strict else value <= high)
    return reduce(Column.__and__, conditions)


@check(one_of=("min", "max"))
def not_between(column: Subject, *, min: Value, max: Value) -> Column:
    """The value is below `min` or above `max`. NaN fails.

    green: {column: a, min: 1, max: 2} on (0.9), (2.1), (null) as t(a)
    red:   {column: a, min: 1, max: 2} on (2.0) as t(a)
    """
    outside = ~column.value.between(column.literal(min), column.literal(max))
    return outside & ~column.is_nan


@check(footer=footers.positive)
def positive(column: Subject) -> Column:
    """The number is greater than 0. NaN fails.

    green: {column: a} on (0.1), (null) as t(a)
    red:   {column: a} on (0) as t(a)
    """
    return (column.value > column.literal(0)) & ~column.is_nan


@check(footer=footers.non_negative)
def non_negative(column: Subject) -> Column:
    """The number is 0 or greater. NaN fails.

    green: {column: a} on (0), (null) as t(a)
    red:   {column: a} on (-1) as t(a)
    """
    return (column.value >= column.literal(0)) & ~column.is_nan


@check()
def not_nan(column: Subject) -> Column:
    """The number is a number.

    green: {column: a} on (double('Infinity')), (null) as t(a)
    red:   {column: a} on (double('NaN')) as t(a)
    """
    return F.when(column.value.isNotNull(), ~column.is_nan)


@check()
def decimal_places(column: Subject, *, max: Count) -> Column:
    """The number has at most `max` digits after the point, as it is written. NaN fails.

    green: {column: a, max: 2} on (1.25), (3.00), (null) as t(a)
    red:   {column: a, max: 2} on (1.255) as t(a)
    """
    if column.kind in ("float", "double"):
        return (F.round(column.value, max) == column.value) & ~column.is_nan
    return F.round(column.value.cast("decimal(38,18)"), max) == column.value


def _compared(column: Subject, values: Values, *, ignore_case: bool) -> tuple[Column, list[Column]]:
    literals = [column.literal(one) for one in values]
    if not ignore_case:
        return column.value, literals
    if column.kind != "string":
        raise ValueError(f"{column.name!r} is {column.kind}, which has no case to ignore")
    return F.lower(column.value), [F.lower(one) for one in literals]
