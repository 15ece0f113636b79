"""Values that lie far from the others. Nulls are left out; NaN is an outlier.

How far is known only when all values were seen: one pass over the column tells the middle and the spread, a
second one counts.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from sparkjobs.checks.questions import Pass, Share, Subject
from sparkjobs.config.arguments import Number
from sparkjobs.registry import check

_VALUE, _LOW, _HIGH = "_sparkjobs_value", "_sparkjobs_low", "_sparkjobs_high"
_TO_DEVIATION = 1.4826
"""Standard deviations per median absolute deviation, of normally distributed values."""


@check()
def z_score(column: Subject, *, max: Number = 3) -> Pass:
    """Each value lies at most `max` standard deviations from the mean.

    green: {column: a, max: 2} on (1), (2), (3), (null) as t(a)
    red:   {column: a, max: 1} on (1), (1), (1), (1), (9) as t(a)
    """
    reach = F.coalesce(F.stddev_samp(_VALUE), F.lit(0.0)) * max
    return _between(column, F.avg(_VALUE) - reach, F.avg(_VALUE) + reach)


@check()
def iqr(column: Subject, *, factor: Number = 1.5) -> Pass:
    """Each value lies at most `factor` times the distance of the quartiles outside of them.

    green: {column: a} on (1), (2), (3), (4), (null) as t(a)
    red:   {column: a} on (1), (2), (3), (4), (90) as t(a)
    """
    first, third = F.percentile(F.col(_VALUE), 0.25), F.percentile(F.col(_VALUE), 0.75)
    reach = (third - first) * factor
    return _between(column, first - reach, third + reach)


@check()
def mad(column: Subject, *, max: Number = 3.5) -> Pass:
    """Each value lies at most `max` scaled median absolute deviations from the median.

    green: {column: a} on (1), (2), (3), (4), (null) as t(a)
    red:   {column: a} on (1), (2), (3), (4), (90) as t(a)
    """

    def through(rows: DataFrame) -> DataFrame:
        values = _values(rows, column)
        centred = values.crossJoin(F.broadcast(values.agg(F.median(_VALUE).alias(_LOW))))
        return _limited(centred.select(F.abs(F.col(_VALUE) - F.col(_LOW)).alias(_VALUE)), F.lit(0.0), reach)

    reach = F.median(_VALUE) * (_TO_DEVIATION * max)
    return Pass(through, _outside())


def _between(column: Subject, low: Column, high: Column) -> Pass:
    return Pass(lambda rows: _limited(_values(rows, column), low, high), _outside())


def _values(rows: DataFrame, column: Subject) -> DataFrame:
    return rows.filter(column.value.isNotNull()).select(column.value.cast("double").alias(_VALUE))


def _limited(values: DataFrame, low: Column, high: Column) -> DataFrame:
    """Each value beside the limits that all numbers among them set."""
    limits = values.filter(~F.isnan(_VALUE)).agg(low.alias(_LOW), high.alias(_HIGH))
    return values.crossJoin(F.broadcast(limits))


def _outside() -> Share:
    inside = F.col(_VALUE).between(F.col(_LOW), F.col(_HIGH)) & ~F.isnan(_VALUE)
    return Share(F.count_if(~F.coalesce(inside, F.lit(False))), F.count(F.lit(1)))
