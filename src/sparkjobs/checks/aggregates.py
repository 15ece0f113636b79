"""One value of all rows, or of each group with `group_by`, and its bounds. Nulls are left out; NaN fails."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from sparkjobs.checks.questions import Measure, Subject, bounds, within
from sparkjobs.config.arguments import Condition, Number, Portion, Value
from sparkjobs.registry import check

_BOUNDED = ("min", "max")


@check(one_of=_BOUNDED)
def minimum(
    column: Subject, *, min: Value | None = None, max: Value | None = None, allow_empty: bool = False
) -> Measure:
    """The least value lies between `min` and `max`.

    green: {column: a, min: 1, max: 2} on (2), (5), (null) as t(a)
    red:   {column: a, min: 1} on (0), (5) as t(a)
    red:   {column: a, min: 1} on (1.0D), (double('NaN')) as t(a)
    red:   {column: a, min: 1} on (cast(null as int)) as t(a)
    """
    return _compared(F.min(column.value), column, min, max, allow_empty=allow_empty)


@check(one_of=_BOUNDED)
def maximum(
    column: Subject, *, min: Value | None = None, max: Value | None = None, allow_empty: bool = False
) -> Measure:
    """The greatest value lies between `min` and `max`.

    green: {column: a, max: '2024-12-31'} on (date'2024-01-01'), (null) as t(a)
    red:   {column: a, max: 4} on (0), (5) as t(a)
    red:   {column: a, min: 4} on (double('NaN')) as t(a)
    """
    return _compared(F.max(column.value), column, min, max, allow_empty=allow_empty)


@check(one_of=_BOUNDED)
def mean(
    column: Subject, *, min: Number | None = None, max: Number | None = None, allow_empty: bool = False
) -> Measure:
    """The arithmetic mean lies between `min` and `max`.

    green: {column: a, min: 2, max: 2} on (1), (3), (null) as t(a)
    red:   {column: a, min: 2} on (1), (2) as t(a)
    """
    return _computed(F.avg(column.value), min, max, _no_values(column, allow_empty=allow_empty))


@check(one_of=_BOUNDED)
def sum(
    column: Subject, *, min: Number | None = None, max: Number | None = None, allow_empty: bool = False
) -> Measure:
    """The sum lies between `min` and `max`. A sum too large for its type is no sum, and fails.

    green: {column: a, min: 4, max: 4} on (1), (3), (null) as t(a)
    green: {column: a, min: 4, allow_empty: true} on (cast(null as int)) as t(a)
    red:   {column: a, max: 3} on (1), (3) as t(a)
    red:   {column: a, min: 1, allow_empty: true} on (9223372036854775807L), (1L) as t(a)
    """
    return _computed(F.try_sum(column.value), min, max, _no_values(column, allow_empty=allow_empty))


@check(one_of=_BOUNDED)
def stdev(
    column: Subject, *, min: Number | None = None, max: Number | None = None, allow_empty: bool = False
) -> Measure:
    """The standard deviation of the sample lies between `min` and `max`. Of one row it is none.

    green: {column: a, min: 1, max: 1.5} on (1), (3), (null) as t(a)
    red:   {column: a, max: 1} on (1), (3) as t(a)
    red:   {column: a, max: 1} on (1) as t(a)
    """
    return _computed(F.stddev_samp(column.value), min, max, _no_values(column, allow_empty=allow_empty))


@check(one_of=_BOUNDED)
def variance(
    column: Subject, *, min: Number | None = None, max: Number | None = None, allow_empty: bool = False
) -> Measure:
    """The variance of the sample lies between `min` and `max`. Of one row it is none.

    green: {column: a, min: 2, max: 2} on (1), (3), (null) as t(a)
    red:   {column: a, max: 1} on (1), (3) as t(a)
    """
    return _computed(F.var_samp(column.value), min, max, _no_values(column, allow_empty=allow_empty))


@check(one_of=_BOUNDED)
def median(
    column: Subject, *, min: Number | None = None, max: Number | None = None, allow_empty: bool = False
) -> Measure:
    """The median, exactly, lies between `min` and `max`.

    green: {column: a, min: 2, max: 2} on (1), (2), (9), (null) as t(a)
    red:   {column: a, max: 1} on (1), (2), (9) as t(a)
    """
    return _ordered(F.median(column.value), column, min, max, allow_empty=allow_empty)


@check(one_of=_BOUNDED)
def quantile(
    column: Subject,
    *,
    q: Portion,
    min: Number | None = None,
    max: Number | None = None,
    allow_empty: bool = False,
) -> Measure:
    """The quantile `q`, exactly and interpolated, lies between `min` and `max`.

    green: {column: a, q: 0.75, min: 4, max: 4} on (1), (2), (3), (4), (5), (null) as t(a)
    red:   {column: a, q: 0.75, max: 3} on (1), (2), (3), (4), (5) as t(a)
    """
    return _ordered(F.percentile(column.value, q), column, min, max, allow_empty=allow_empty)


@check(one_of=_BOUNDED)
def correlation(
    column: Subject, other: Subject, *, min: Number | None = None, max: Number | None = None
) -> Measure:
    """Pearson's correlation of two columns lies between `min` and `max`.

    green: {column: a, other: b, min: 0.99} on (1, 2), (2, 4), (3, 6) as t(a, b)
    red:   {column: a, other: b, min: 0.99} on (1, 6), (2, 4), (3, 2) as t(a, b)
    """
    return _computed(F.corr(column.value, other.value), min, max)


@check(one_of=_BOUNDED)
def share(
    rows: Column, *, expr: Condition, min: Portion | None = None, max: Portion | None = None
) -> Measure:
    """The share of rows for which the SQL condition is true lies between `min` and `max`.

    green: {expr: a > 1, min: 0.5, max: 0.5} on (1), (2) as t(a)
    red:   {expr: a > 1, max: 0.4} on (1), (2) as t(a)
    """
    true = F.coalesce(F.expr(expr), F.lit(False)).cast("int")
    return _computed(F.avg(F.when(rows, true)), min, max)


def _compared(
    value: Column, column: Subject, low: Value | None, high: Value | None, *, allow_empty: bool
) -> Measure:
    """Bounds of the column's own type."""
    least = None if low is None else column.literal(low)
    most = None if high is None else column.literal(high)
    told = within(value, least, most, bounds(low, high), _no_values(column, allow_empty=allow_empty))
    return _numbers_only(told, column)


def _ordered(
    value: Column, column: Subject, low: Number | None, high: Number | None, *, allow_empty: bool
) -> Measure:
    """Bounds of a number that lies among the others; NaN lies above them all."""
    told = _computed(value, low, high, _no_values(column, allow_empty=allow_empty))
    return _numbers_only(told, column)


def _numbers_only(told: Measure, column: Subject) -> Measure:
    """The same, but NaN among the values fails, though it is neither the least nor in the midst."""
    if not column.is_float:
        return told
    return Measure(told.value, told.holds & (F.count_if(column.is_nan) == 0), told.wanted)


def _computed(value: Column, low: Number | None, high: Number | None, empty: Column | None = None) -> Measure:
    """Bounds of a number that was computed."""
    least, most = (None if one is None else F.lit(one) for one in (low, high))
    told = within(value, least, most, bounds(low, high), empty)
    return Measure(told.value, told.holds & ~_is_nan(value), told.wanted)


def _no_values(column: Subject, *, allow_empty: bool) -> Column | None:
    return F.count(column.value) == 0 if allow_empty else None


def _is_nan(value: Column) -> Column:
    return F.coalesce(F.isnan(value.cast("double")), F.lit(False))
